"""The joins and the catalogue of clauses: a term is its documented parameters and what it contributes, nothing else."""

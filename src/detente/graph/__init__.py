"""From a Deal to typed equations: terms expanded, parties unrolled, names resolved, units checked."""

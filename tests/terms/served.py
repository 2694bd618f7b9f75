"""A need for 10 MW and two suppliers, to which tests of supply, delivery, access and price add terms."""

from tests.support import agreement, agreements, small

NEED = "lab.compute: {resource: compute, amount: 10 MW, assumed: given}"

OWN = "power: {type: supply, supplier: cloud, need: lab.compute, capacity: 6 MW, price: 3 USD / MW / month, assumed: given}"
OTHER = "power: {type: supply, supplier: rival, need: lab.compute, capacity: 8 MW, price: PRICE USD / MW / month, assumed: given}"


def cloud(*more: str, signed: str = "2024-01") -> str:
    """The agreement with the first supplier: 6 MW at 3 USD, and further terms."""
    return agreement("\n".join([OWN, *more]), "lab, cloud", signed, "first")


def rival(price: str = "5", signed: str = "2024-02", *more: str) -> str:
    """The agreement with the second supplier: 8 MW."""
    return agreement("\n".join([OTHER.replace("PRICE", price), *more]), "lab, rival", signed, "second")


def served(*texts: str, need: str = NEED, **blocks: str) -> str:
    return small(needs=need, agreements=agreements(*texts), **blocks)

"""Terms of right: what may not happen without a party's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from detente.terms.joins import Contribution, Named, Permission
from detente.terms.term import Here, Term, happened, parameter


@dataclass(frozen=True)
class ConsentRight(Term):
    """An event cannot happen until the holder has consented.

    Invariant: while the right holds, the event does not happen before the consent is given.
    """

    holder: str = parameter("whose consent is needed", "party")
    over: str = parameter("the event that needs it", "event")
    given: str = parameter("the event by which consent is given", "event")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        granted = ~here.active | happened(self.given)
        return [Named("granted", granted), Permission(self.over, here.own("granted", granted))]

"""Terms of access: who alone may serve a need, and who comes first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, constant, maximum, reference, select, zero
from detente.lang.unit import ONE, Unit
from detente.terms.joins import Ceiling, Contribution, Match, Need
from detente.terms.term import Here, Impossible, Term, not_a_part, number_of, parameter


@dataclass(frozen=True)
class Exclusivity(Term):
    """The need may be served by one supplier alone, but for those carved out.

    With a `share` it is owed that part of what is needed, and rivals may serve the rest together. With
    `lapse_if_unable` rivals may serve what the supplier cannot. Where it `closes` another need, it binds the supplier
    instead: that need gets nothing of it, or, with a `share`, no more than leaves that part of what it sells to the two
    for the first; with `lapse_if_unable` also what it could deliver to the first and is not taken.

    Invariant: what others than the supplier and the carve-out deliver is nothing while it holds, or within what is left
    to them.
    """

    example: ClassVar[str] = """\
type: exclusivity
supplier: cloud
need: lab.compute
share: 80%
lapse_if_unable: true
assumed: an example
"""

    supplier: str = parameter("who alone may deliver", "party")
    need: Need = parameter("the need it covers", "need")
    carve_out: tuple[str, ...] = parameter("suppliers allowed beside", "parties", ())
    lapse_if_unable: bool = parameter("whether rivals may serve what the supplier cannot", "yes or no", False)
    share: Formula | None = parameter("part that is owed; without it all", "fraction", None)
    closes: Need | None = parameter("another need, which the supplier may not serve instead", "need", None)

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "share")
        if self.closes is not None and self.closes.name == self.need.name:
            yield Impossible("closes", "it is the need that the supplier is kept for", "name another need")
        if self.closes is not None and self.carve_out:
            yield Impossible("carve_out", "it is the supplier that is bound", "take `carve_out` away")
        if self.closes is not None and number_of(self.share) == 0.0:
            yield Impossible("share", "nothing is owed", "give a part above 0%, or take the term away")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        if self.closes is not None:
            holds = here.active if self.share is None else here.active & (self.share > constant(0.0))
            return [Ceiling(self.closes.name, self._elsewhere(self.closes.unit), holds, only=(self.supplier,))]
        unit, needed = self.need.unit, reference(self.need.name, self.need.unit)
        allowed = zero(unit) if self.share is None else (constant(1.0) - self.share) * needed
        if self.lapse_if_unable:
            allowed = maximum(allowed, needed - self._could(unit))
        return [Ceiling(self.need.name, allowed, here.active, exempt=(self.supplier, *self.carve_out))]

    def _could(self, unit: Unit) -> Formula:
        """What the supplier can deliver to its need."""
        return reference(f"{self.need.name}.offered_by.{self.supplier}", unit)

    def _elsewhere(self, unit: Unit) -> Formula:
        """What the supplier may deliver to another need."""
        part = reference(f"{self.need.name}.share_of.{self.supplier}", ONE)
        taken = part * reference(f"{self.need.name}.delivered", unit)
        allowed = zero(unit)
        if self.share is not None:
            owed = select(self.share > constant(0.0), self.share, constant(1.0))
            allowed = taken * (constant(1.0) - self.share) / owed
        return maximum(allowed, self._could(unit) - taken) if self.lapse_if_unable else allowed


@dataclass(frozen=True)
class RightOfFirstRefusal(Term):
    """Before the need's party takes new capacity from a rival, the holder may deliver it in the rival's place.

    Of every new increment of a rival's capacity the holder takes over the part `chance` (the probability that it
    matches), up to `matches`; what it took over stays with it as long as the rival would still have it, and while the
    holder's own term lasts. With a `window` the offer it has passed on, or passed on in part, may be signed for that
    long: what is new within it is free.

    Invariant: what rivals lose is what the holder gains.
    """

    example: ClassVar[str] = """\
type: right_of_first_refusal
holder: cloud
need: lab.compute
matches: 4 MW
chance: 60%
window: 3 months
assumed: an example
"""

    holder: str = parameter("who may match", "party")
    need: Need = parameter("the need whose suppliers it concerns", "need")
    matches: Formula = parameter("most that the holder could take over in a month", "capacity")
    chance: Formula = parameter("probability that the holder matches an increment", "fraction", constant(1.0))
    carve_out: tuple[str, ...] = parameter("rivals it does not concern", "parties", ())
    window: Formula | None = parameter("time in which what was passed on may be signed", "time", None)

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "chance")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        limit = maximum(zero(self.need.unit), self.matches)
        return [Match(self.need.name, self.holder, limit, self.chance, here.active, self.carve_out, self.window)]

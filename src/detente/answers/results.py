"""The shapes of the answers: what a report shows, a notebook holds and a test pins."""

from __future__ import annotations

from dataclasses import dataclass

from detente.deal.model import Deal
from detente.engine.run import Measured, Run


@dataclass(frozen=True, slots=True)
class Row:
    """One figure of a headline: a label, the scenario it holds under, and the figure."""

    label: str
    scenario: str
    figure: Measured


@dataclass(frozen=True, slots=True)
class HeadlineAnswer:
    """A question of the first screen with its figures; `against` names the scenario that differences are taken from."""

    name: str
    title: str
    note: str
    against: str
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class RightAnswer:
    """What a right does when it is used: harm to the other side (positive: it loses) and its own cost, with sampling
    errors, in `unit`. `expected` is the sign the sources give the harm (+1), and `agrees` whether the model shows
    it."""

    name: str
    title: str
    holder: str
    hurts: str
    unit: str
    harm: float
    harm_error: float
    cost: float
    cost_error: float
    agrees: bool
    claims: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CheckAnswer:
    """Whether a check holds, on which share of paths."""

    text: str
    share: float
    place: str


@dataclass(frozen=True, slots=True)
class GroundsAnswer:
    """What the deal rests on: an input, whether it is `sourced` (a claim gives a value or a bound), its independent
    origins, the reason where it is assumed."""

    name: str
    kind: str
    sourced: bool
    claims: tuple[str, ...]
    origins: tuple[str, ...]
    assumed: str


@dataclass(frozen=True, slots=True)
class Findings:
    """Everything the report shows about a deal."""

    deal: Deal
    run: Run
    headlines: tuple[HeadlineAnswer, ...]
    rights: tuple[RightAnswer, ...]
    checks: tuple[CheckAnswer, ...]
    grounds: tuple[GroundsAnswer, ...]

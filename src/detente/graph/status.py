"""When a term holds, and why it does not: pending, active, waived, suspended or ended."""

from __future__ import annotations

from detente.deal.model import TermText
from detente.graph.draft import Draft
from detente.graph.expressions import Elaborator
from detente.graph.model import Memory
from detente.lang.formula import Formula, false, opening, parameter, reference, true
from detente.lang.unit import ONE
from detente.terms.joins import Breach, Change, Status
from detente.terms.term import from_month, happened, until_month

STATUSES = ("pending", "active", "waived", "suspended", "ended", "breached")


def switch(term: str) -> str:
    """The run-time argument that switches a term on (1) or off (0)."""
    return f"switch {term}"


def begun(draft: Draft, text: TermText) -> Formula:
    """Whether the term has begun by this month."""
    first = min(version.first for version in acting(draft, text))
    if not text.known:
        return false()
    return true() if first <= draft.deal.now else from_month(first)


def acting(draft: Draft, text: TermText) -> tuple[TermText, ...]:
    """The versions of a term that act after `now`, in order; the last one where none does."""
    agreement, _, short = text.name.rpartition(".")
    versions = draft.deal.agreements[agreement].versions[short]
    return tuple(one for one in versions if one.last is None or one.last > draft.deal.now) or (text,)


def add_status(draft: Draft, name: str, text: TermText) -> None:
    """Whether the term holds this month, and what keeps it from holding."""
    held = _agreed(draft, text) if text.known else false()
    ended = _changes(draft, name, "ended")
    if ended is not None:
        before = opening(f"{name}.terminated", ONE, "boolean")
        _add(draft, text, f"{name}.terminated", before | ended, false())
        held = held & ~reference(f"{name}.terminated", ONE, "boolean")
    read = Elaborator(draft, name)
    waived, suspended = _changes(draft, name, "waived"), _changes(draft, name, "suspended")
    for version in acting(draft, text):
        if version.waived:
            waived = _either(waived, _while(draft, version, happened(version.waived)))
        if version.suspended is not None:
            suspended = _either(suspended, _while(draft, version, read.condition(version.suspended)))
    if waived is not None:
        _add(draft, text, f"{name}.waived", waived)
        held = held & ~reference(f"{name}.waived", ONE, "boolean")
    if suspended is not None:
        _add(draft, text, f"{name}.suspended", suspended)
        held = held & ~reference(f"{name}.suspended", ONE, "boolean")
    _add(draft, text, f"{name}.active", held)
    breaches = [one.when for term, one in draft.contributions if term == name and isinstance(one, Breach)]
    if breaches:
        broken = breaches[0]
        for other in breaches[1:]:
            broken = broken | other
        _add(draft, text, f"{name}.breached", reference(f"{name}.active", ONE, "boolean") & broken, false())


def told(draft: Draft, name: str, status: str, closing: bool = False) -> Formula:
    """Whether a term is `pending`, `active`, `waived`, `suspended` or `ended` this month, or was `breached` as it
    opened (with `closing`: is breached as it closes)."""
    text = draft.deal.terms()[name]
    if status == "pending":
        return ~begun(draft, text)
    if status == "ended":
        held = reference(f"{name}.active", ONE, "boolean")
        return begun(draft, text) & ~held & ~told(draft, name, "waived") & ~told(draft, name, "suspended")
    look = opening if status == "breached" and not closing else reference
    return look(f"{name}.{status}", ONE, "boolean")


def fill_status(draft: Draft, read: set[str]) -> None:
    """What is asked of a term that nothing can waive, suspend or break: it never is."""
    for name, text in draft.deal.terms().items():
        for status in ("waived", "suspended", "breached"):
            if f"{name}.{status}" in read and f"{name}.{status}" not in draft.equations:
                _add(draft, text, f"{name}.{status}", false(), false())


def _agreed(draft: Draft, text: TermText) -> Formula:
    """Whether the term holds by its dates, its stopping event and its switch."""
    held: Formula | None = None
    for version in acting(draft, text):
        one = _while(draft, version, parameter(switch(text.name), ONE, "boolean"))
        if version.stops:
            one = one & ~happened(version.stops)
        held = one if held is None else held | one
    assert held is not None
    return held


def _while(draft: Draft, version: TermText, condition: Formula) -> Formula:
    """A condition in the months of a version."""
    if version.first > draft.deal.now:
        condition = condition & from_month(version.first)
    if version.last is not None and version.last < draft.deal.last:
        condition = condition & until_month(version.last)
    return condition


def _changes(draft: Draft, name: str, to: Status) -> Formula | None:
    found: Formula | None = None
    for _, one in draft.contributions:
        if isinstance(one, Change) and one.of == name and one.to == to:
            found = _either(found, one.when)
    return found


def _either(one: Formula | None, other: Formula | None) -> Formula | None:
    if one is None or other is None:
        return one or other
    return one | other


def _add(draft: Draft, text: TermText, name: str, formula: Formula, initial: Formula | None = None) -> None:
    memory: Memory = "none" if initial is None else "now"
    draft.add(name, formula, "term", text.place, owner=text.name, grounds=text.grounds, memory=memory, initial=initial)

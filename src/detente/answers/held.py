"""What held on a date: the terms in force with every parameter, also those that nobody wrote, what was pending, ended
or replaced, the events that had happened, and what was on record (R6)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import MISSING, Field, asdict, dataclass, replace
from typing import Any, Literal

from detente.deal.knowledge import as_known
from detente.deal.model import (
    NO_GROUNDS,
    Agreement,
    Amendment,
    Deal,
    Grounds,
    Parameter,
    Point,
    RowText,
    TermText,
)
from detente.lang.formula import Formula
from detente.lang.printer import print_expression
from detente.lang.syntax import Number, Unary
from detente.lang.unit import ONE
from detente.terms.term import Declared, catalogue, written
from detente.text.diagnostic import Diagnostic, Refused
from detente.text.place import Place
from detente.text.written import Date, Month, month_text

State = Literal["in force", "pending", "ended", "replaced"]
STATES: tuple[State, ...] = ("in force", "pending", "replaced", "ended")


@dataclass(frozen=True, slots=True)
class Cited:
    """A claim that something rests on: what it says, what it gives, who published it and when it was known."""

    claim: str
    gives: str
    says: str
    publisher: str
    known: str


@dataclass(frozen=True, slots=True)
class Support:
    """What something rests on: claims, an open assumption with its reason, or neither."""

    claims: tuple[Cited, ...] = ()
    assumed: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter of a term: what it `means`, its value as text, and whether somebody wrote it or it is the default."""

    name: str
    means: str
    text: str
    written: bool


@dataclass(frozen=True, slots=True)
class HeldTerm:
    """A version of a term and how it stood on the date. Months are as written, both inclusive; an empty `until` is
    open.

    `agreed_until` differs from `until` where an amendment or an event cut it short; `ends` says what ends or ended it,
    `under` what brought it. `became` holds what its successor changed, a line for each parameter.
    """

    name: str
    type: str
    state: State
    settings: tuple[Setting, ...]
    since: str
    until: str
    agreed_until: str
    ends: str
    under: str
    became: tuple[str, ...]
    support: Support
    place: Place


@dataclass(frozen=True, slots=True)
class HeldAgreement:
    """An agreement with its terms as they stood on the date; those in force first."""

    name: str
    title: str
    between: tuple[str, ...]
    signed: str
    terms: tuple[HeldTerm, ...]


@dataclass(frozen=True, slots=True)
class Recorded:
    """The latest value on record by the date: of an account (`opening`), of what drives the paths (`past`) or of what
    is only compared (`observed`)."""

    name: str
    kind: Literal["opening", "past", "observed"]
    on: str
    value: str
    support: Support


@dataclass(frozen=True, slots=True)
class Happened:
    """An event that had happened by the date."""

    name: str
    title: str
    on: str
    support: Support


@dataclass(frozen=True, slots=True)
class Held:
    """What held in a month. `after_now` says that the month lies behind the record: what is agreed, not what will
    happen. `as_of` is the month whose knowledge it rests on, empty for all that the files say."""

    deal: str
    on: str
    now: str
    as_of: str
    after_now: bool
    agreements: tuple[HeldAgreement, ...]
    events: tuple[Happened, ...]
    record: tuple[Recorded, ...]
    notes: tuple[str, ...]

    def terms(self, state: State = "in force") -> dict[str, HeldTerm]:
        """The terms in a state, by whole name."""
        return {term.name: term for one in self.agreements for term in one.terms if term.state == state}

    def as_data(self) -> dict[str, object]:
        """Everything as plain data, ready for JSON; places as file and line."""
        found = asdict(self)
        for agreement in found["agreements"]:
            for term in agreement["terms"]:
                place = term.pop("place")
                term |= {"file": place["file"], "line": place["line"]}
        return found

    def __str__(self) -> str:
        stood = [f"{state}: {', '.join(self.terms(state)) or 'none'}" for state in STATES]
        return "\n".join([f"{self.deal}, {self.on}", *stood])


def held(deal: Deal, on: Date | None = None, as_of: Date | None = None) -> Held:
    """What held on a date (a period means its last month; without one, at `now`), as all the files say or as known on
    another date.

    Raises:
        Refused: for a date outside record and horizon.
    """
    known, notes = _as_known(deal, as_of)
    month = on.last if on else known.now
    if not deal.first <= month <= deal.last:
        raise Refused(
            (
                Diagnostic(
                    "date-outside",
                    f"{on.text if on else month_text(month)} lies outside record and horizon",
                    deal.place,
                    expected=f"{month_text(deal.first)} to {month_text(deal.last)}",
                    ways_out=("choose a date between the two", "move `from` or `to` of the deal"),
                ),
            )
        )
    return Held(
        deal.title,
        month_text(month),
        month_text(known.now),
        month_text(as_of.last) if as_of else "",
        month > known.now,
        tuple(_agreement(known, one, month) for one in known.agreements.values()),
        tuple(_happened(known, month)),
        tuple(_record(known, month)),
        notes,
    )


def _as_known(deal: Deal, as_of: Date | None) -> tuple[Deal, tuple[str, ...]]:
    """The deal as known on a date. What a run from that date would lack does not keep it from telling what was agreed:
    variables that rest on nothing known by then have no record, and a note says so."""
    if as_of is None:
        return deal, ()
    known, findings = as_known(deal, as_of.last)
    outside = tuple(one for one in findings if one.code == "date-outside")
    if outside:
        raise Refused(outside)
    claims = deal.evidence.claims.items()
    heard = {name: one for name, one in claims if one.known is not None and one.known.last <= as_of.last}
    known = replace(known, evidence=replace(deal.evidence, claims=heard))
    if not findings:
        return known, known.notes
    missing = {one.place for one in findings}
    variables = {
        name: replace(one, past=(), observed=()) if one.place in missing else one
        for name, one in known.variables.items()
    }
    events = {name: one for name, one in known.events.items() if one.place not in missing}
    rests = "1 entry of the deal rests" if len(findings) == 1 else f"{len(findings)} entries of the deal rest"
    note = f"{rests} on nothing known by {month_text(as_of.last)}: it cannot be run from there"
    return replace(known, variables=variables, events=events), (*known.notes, note)


def support(deal: Deal, grounds: Grounds) -> Support:
    """Grounds with what those of their claims say that the deal has (a deal as known earlier has fewer)."""
    cited = []
    for citation in grounds.citations:
        claim = deal.evidence.claims.get(citation.claim)
        if claim is not None:
            source = deal.evidence.sources.get(claim.source)
            publisher = source.publisher if source and source.publisher else claim.source
            known = claim.known.text if claim.known else ""
            cited.append(Cited(citation.claim, citation.gives, claim.says, publisher, known))
    return Support(tuple(cited), grounds.assumed)


def settings(deal: Deal, text: TermText) -> tuple[Setting, ...]:
    """Every parameter of a version of a term, in the order in which its type declares them; what was not written is
    shown as the default that it takes."""
    found: list[Setting] = []
    for declared in catalogue()[text.type].parameters():
        name, means = written(declared), declared.metadata["doc"]
        if name in text.parameters:
            found.append(Setting(name, means, parameter_text(text.parameters[name], declared), True))
        else:
            found.append(Setting(name, means, unwritten(declared, text, deal), False))
    found.append(Setting("stops", "the event that ends it", text.stops or "nothing", bool(text.stops)))
    if text.waived:
        found.append(Setting("waived", "the event from which on it is waived", text.waived, True))
    if text.suspended is not None:
        found.append(Setting("suspended", "while this holds", print_expression(text.suspended), True))
    return tuple(found)


def unwritten(declared: Field[Any], text: TermText, deal: Deal) -> str:
    """What a parameter is where it is not written: it follows from another, or takes its default."""
    what, _, rest = str(declared.metadata["dimension"]).partition(" of ")
    source, _, condition = rest.partition(" if ")
    if what == "resource":
        sources = source.split(", ")
        given = [one for one in sources if one in text.parameters] or sources
        return f"the money of `{given[0]}`"
    if what == "form":
        return "cash"
    if what == "shares" and rest:
        company = text.parameters.get(source)
        issued = [name for name, one in deal.resources.items() if one.kind == "shares" and one.issuer == company]
        chosen = str(text.parameters.get("class") or (issued[0] if issued else "none"))
        return chosen if not condition or condition in text.parameters else "none"
    return default_text(declared.default)


def parameter_text(value: Parameter, declared: Field[Any] | None = None) -> str:
    """A parameter in words; of rows, with the defaults that they take where these say something."""
    match value:
        case bool():
            return "yes" if value else "no"
        case str() | int():
            return str(value)
        case Date():
            return value.text
        case tuple():
            row = declared.metadata.get("row") if declared is not None else None
            return "; ".join(one if isinstance(one, str) else _row(one, row) for one in value) or "none"
        case dict():
            return ", ".join(f"{name}: {print_expression(part)}" for name, part in value.items())
    return print_expression(value)


def _row(row: RowText, kind: type[Declared] | None) -> str:
    """A row of a list, such as a tranche: what comes first without its name."""
    (_, first), *others = row.values.items()
    parts = [parameter_text(first), *(f"{name} {parameter_text(value)}" for name, value in others)]
    for declared in kind.parameters() if kind is not None else ():
        if written(declared) not in row.values and str(declared.metadata["dimension"]).startswith("form of "):
            parts.append(f"{written(declared)} cash")
        elif written(declared) not in row.values and declared.default not in (None, MISSING, ()):
            parts.append(f"{written(declared)} {default_text(declared.default)}")
    return " ".join(parts)


def default_text(value: object) -> str:
    """What a parameter takes where nothing is written."""
    if value is None or value in ((), ""):
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Formula):
        return f"{value.value:g} {value.unit}" if value.unit != ONE else f"{value.value:g}"
    return str(value)


def _agreement(deal: Deal, agreement: Agreement, month: Month) -> HeldAgreement:
    terms = [
        _term(deal, agreement, name, versions, number, month)
        for name, versions in agreement.versions.items()
        for number, version in enumerate(versions)
        if version.known
    ]
    terms.sort(key=lambda term: STATES.index(term.state))
    return HeldAgreement(agreement.name, agreement.title, agreement.between, agreement.signed.text, tuple(terms))


def _term(
    deal: Deal, agreement: Agreement, name: str, versions: tuple[TermText, ...], number: int, month: Month
) -> HeldTerm:
    version = versions[number]
    after = versions[number + 1] if number + 1 < len(versions) else None
    stopped = _stopped(deal, version)
    last = version.last
    if stopped is not None and (last is None or stopped[0] <= last):
        last = stopped[0] - 1
    cut = next(
        (
            one
            for one in agreement.amendments
            if version.ended and name in one.changes and one.on.first - 1 == version.last
        ),
        None,
    )
    if version.first > month:
        state: State = "pending"
    elif last is None or month <= last:
        state = "in force"
    else:
        state = "replaced" if after is not None and after.first <= month else "ended"
    own = settings(deal, version)
    return HeldTerm(
        version.name,
        version.type,
        state,
        own,
        month_text(version.first),
        "" if last is None else month_text(last),
        "" if version.until is None else month_text(version.until),
        _ends(version, stopped, cut, after),
        _under(agreement, version),
        _became(own, settings(deal, after)) if after is not None else (),
        support(deal, version.grounds),
        version.place,
    )


def _stopped(deal: Deal, version: TermText) -> tuple[Month, str] | None:
    """The month of the record from which on an event ends or waives a term, and what is then said of it."""
    found: list[tuple[Month, str]] = []
    for name, how in ((version.stops, "ended"), (version.waived, "waived")):
        event = deal.events.get(name)
        if event is not None and event.happened is not None:
            found.append((event.happened.first, f"{how} with {name} in {month_text(event.happened.first)}"))
    return min(found, default=None)


def _ends(version: TermText, stopped: tuple[Month, str] | None, cut: Amendment | None, after: TermText | None) -> str:
    if stopped is not None and (version.last is None or stopped[0] <= version.last):
        return stopped[1]
    if version.ended is not None:
        by = f"the amendment of {cut.on.text}" if cut else "an amendment"
        return f"replaced by {by}" if after is not None else f"ended by {by}"
    dated = "as agreed" if version.until is not None else "no end is agreed"
    early = [f"with {version.stops}"] if version.stops else []
    early += [f"waived with {version.waived}"] if version.waived else []
    return ", or ".join([dated, *early])


def _under(agreement: Agreement, version: TermText) -> str:
    """What brought a version: the signature, or the amendment in whose lines it stands."""
    own = version.place
    for one in agreement.amendments:
        block = one.place
        if block.file == own.file and (block.line, block.column) <= (own.line, own.column) < (
            block.end_line,
            block.end_column,
        ):
            return f"the amendment of {one.on.text}"
    return f"the agreement of {agreement.signed.text}"


def _became(before: tuple[Setting, ...], after: tuple[Setting, ...]) -> tuple[str, ...]:
    texts = {one.name: one.text for one in before}
    return tuple(
        f"{one.name} from {texts.get(one.name, 'none')} to {one.text}"
        for one in after
        if texts.get(one.name) != one.text
    )


def _happened(deal: Deal, month: Month) -> Iterator[Happened]:
    for event in deal.events.values():
        if event.happened is not None and event.happened.first <= month:
            yield Happened(event.name, event.title, event.happened.text, support(deal, event.grounds))


def _record(deal: Deal, month: Month) -> Iterator[Recorded]:
    accounts: dict[str, Recorded] = {}
    for one in sorted(deal.openings, key=lambda opening: opening.on):
        if one.on <= month:
            value, on = print_expression(one.balance), month_text(one.on)
            accounts[one.account] = Recorded(one.account, "opening", on, value, support(deal, one.grounds))
    yield from accounts.values()
    for variable in deal.variables.values():
        kinds: tuple[tuple[Literal["past", "observed"], tuple[Point, ...]], ...]
        kinds = (("past", variable.past), ("observed", variable.observed))
        for kind, points in kinds:
            begun = [one for one in points if one.date.first <= month]
            if begun:
                point = max(begun, key=lambda one: one.date.first)
                grounds = point.grounds if point.grounds != NO_GROUNDS else variable.grounds
                value = _point(point, variable.unit)
                yield Recorded(variable.name, kind, point.date.text, value, support(deal, grounds))


def _point(point: Point, unit: str) -> str:
    """The value of a point in its unit: a bare number takes the unit of its block."""
    node, text = point.value, print_expression(point.value)
    bare = node.operand if isinstance(node, Unary) else node
    return f"{text} {unit}".strip() if isinstance(bare, Number) else text

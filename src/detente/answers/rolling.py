"""Rolling a deal forward: what was observed becomes record, `now` moves, and the forecast made before is kept and
scored.

The files change at the places that are spoken of and nowhere else. All of it is worked out and checked first; only a
deal that compiles is written, together with the forecast that it replaces.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

from detente.answers.actuals import FORECAST, Actual, Checking, Understood, given_texts, replaces
from detente.answers.frozen import Frozen, freeze, row_at, score_frozen, thawed
from detente.answers.score import ScoreAnswer
from detente.deal.model import Deal, Event, Opening, Policy
from detente.deal.write import NAMES, Files, parse_files, read_files
from detente.graph.build import check
from detente.graph.literals import period_of
from detente.graph.model import Graph
from detente.terms.term import catalogue, written
from detente.text.diagnostic import Diagnostic, Refused, did_you_mean
from detente.text.files import write_together
from detente.text.layout import spelled
from detente.text.nodes import Mapping as Entries
from detente.text.nodes import Node as YamlNode
from detente.text.nodes import Scalar, parse
from detente.text.nodes import Sequence as Items
from detente.text.place import Place
from detente.text.splice import Edit, Splicer, spliced
from detente.text.written import Date, Month, month_text

KEPT = "forecasts"
"""The folder of a case in which forecasts are kept, a file for each `now`."""


@dataclass(frozen=True, slots=True)
class Rolled:
    """A deal rolled forward, not written yet: `texts` are what its files will say, `before` and `after` the two ends
    of the record, `openings` the accounts that open with what was forecast, `notes` what to look after."""

    deal: Deal
    texts: Mapping[Path, str]
    before: Month
    after: Month
    claims: tuple[str, ...]
    openings: tuple[str, ...]
    notes: tuple[str, ...]
    frozen: Path | None
    score: ScoreAnswer

    def write(self) -> None:
        """Write all files, or none.

        Raises:
            OSError: where one cannot be written.
        """
        made = [folder for folder in {path.parent for path in self.texts} if not folder.exists()]
        for folder in made:
            folder.mkdir()
        try:
            write_together(self.texts)
        except BaseException:
            for folder in made:
                folder.rmdir()
            raise


def roll(
    path: Path,
    actuals: Sequence[Actual],
    now: Date | None = None,
    happened: Mapping[str, Date] | None = None,
    did_not_happen: Sequence[str] = (),
    paths: int = 4_000,
    seed: int = 1,
) -> Rolled:
    """A deal with actuals added to its record. `now` moves to the month of the latest one that lies after it, or to the
    month given; what is decided for a date up to then must be said to have happened, or not.

    Where `now` moves, the forecast of the deal as it stood is kept, and every account that opened at the old `now` and
    has no actual at the new one opens with the 5th to 95th percentile of that forecast, which says so.

    Raises:
        Refused: with all that is wrong with the deal, the actuals, or the deal that they make.
        ValueError: where the files cannot be changed in place.
    """
    work = _Work(path, now, dict(happened or {}), tuple(did_not_happen), paths, seed)
    return work.rolled(actuals)


@dataclass
class _Work:
    """Everything that a roll reads, and the edits it has made so far."""

    path: Path
    asked_now: Date | None
    happened: dict[str, Date]
    did_not: tuple[str, ...]
    paths: int
    seed: int
    findings: list[Diagnostic] = field(default_factory=list)
    edits: list[Edit] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.files = read_files(self.path)
        self.folder = self.path if self.path.is_dir() else self.path.parent
        self.file = self.path / NAMES[0] if self.path.is_dir() else self.path
        self.deal, self.graph = _checked(self.files, "")
        node, _ = parse(self.files.deal, str(self.file))
        assert isinstance(node, Entries), "a deal that loads is a mapping"
        self.top = node
        self.splicer = Splicer(self.files.deal)

    def rolled(self, actuals: Sequence[Actual]) -> Rolled:
        checking = Checking(self.deal, self.graph, self.findings)
        read = [one for given in actuals if (one := checking.read(given)) is not None]
        latest = max((one.on.last for one in read), default=self.deal.now)
        after = self.asked_now.last if self.asked_now else max(latest, self.deal.now)
        self.check_now(after)
        checking.check_dates(read, after)
        checking.sourced(actuals)
        read = checking.named(read)
        self.events(after)
        if self.findings:
            raise Refused(tuple(self.findings), {**self.files.by_name(), **given_texts(actuals)})
        kept = self.kept()
        text, openings = "", list[str]()
        frozen = self.folder / KEPT / f"{month_text(self.deal.now)}.json"
        if after > self.deal.now:
            forecast = next((one for one in kept if one.as_of == self.deal.now), None)
            if forecast is None:
                forecast = freeze(self.deal, self.paths, self.seed)
                text, kept = forecast.as_text(), (*kept, forecast)
            self.move_now(after)
            openings = self.open_accounts(read, after, forecast)
            self.notes += self.stale(after)
        else:
            self.open_accounts(read, after, None)
        self.add_points(read)
        files = Files(spliced(self.files.deal, self.edits), self.new_sources(actuals), self.new_claims(read))
        deal, _ = _checked(files, f" ({'rolled to ' + month_text(after) if after > self.deal.now else 'with actuals'})")
        texts = {self.file: files.deal, self.folder / NAMES[1]: files.sources, self.folder / NAMES[2]: files.claims}
        return Rolled(
            deal,
            texts | ({frozen: text} if text else {}),
            self.deal.now,
            after,
            tuple(one.claim for one in read),
            tuple(openings),
            tuple(self.notes),
            frozen if text else None,
            score_frozen(deal, kept),
        )

    def check_now(self, after: Month) -> None:
        if self.deal.now <= after < self.deal.last:
            return
        self.findings.append(
            Diagnostic(
                "date-outside",
                "`now` moves forward, and stays before the end of the horizon",
                _top_place(self.top, "now"),
                found=month_text(after),
                expected=f"{month_text(self.deal.now)} to {month_text(self.deal.last - 1)}",
                ways_out=("choose a date between the two", "move `to` of the deal first"),
            )
        )

    # what was decided

    def events(self, after: Month) -> None:
        """Say of events that they happened or did not, and refuse to guess of what was decided for a date gone by."""
        for name in (*self.happened, *self.did_not):
            event = self.deal.events.get(name)
            if event is None or event.happened is not None or (name in self.happened and name in self.did_not):
                self.findings.append(
                    Diagnostic(
                        "unknown-event" if event is None else "not-one-way",
                        f"there is no event '{name}'" if event is None else f"'{name}' happens in several ways",
                        event.place if event is not None else _top_place(self.top, "events"),
                        ways_out=(
                            *did_you_mean(name, self.deal.events),
                            "name an event once that has not happened yet",
                        ),
                    )
                )
        for event in self.deal.events.values():
            gone = [one for one in (event.policy, *event.options) if one is not None and self.gone(one, after)]
            if event.name in self.happened:
                self.happen(event, self.happened[event.name], after)
            elif event.name in self.did_not:
                self.lapse(event, gone)
            elif gone and event.happened is None:
                self.findings.append(
                    Diagnostic(
                        "policy-in-past",
                        f"'{event.name}' was to be decided by {month_text(after)}, and nothing says whether it was",
                        gone[0].place,
                        found=", ".join(one.text for one in gone),
                        ways_out=(
                            f"say that it was: `--happened {event.name}=DATE`",
                            f"say that it was not: `--did-not-happen {event.name}`",
                        ),
                    )
                )
        if after > self.deal.now:
            open_ = [
                one.name
                for one in self.deal.events.values()
                if one.happened is None and one.name not in self.happened and one.name not in self.did_not
            ]
            if open_:
                self.notes.append(f"taken as not happened by {month_text(after)}: {', '.join(open_)}")

    def gone(self, policy: Policy, after: Month) -> bool:
        """Whether a policy names a date that the new record covers."""
        if policy.kind != "at" or policy.argument is None:
            return False
        ends = {party.name: party.fiscal_year_ends for party in self.deal.parties.values()}
        return period_of(policy.argument, ends)[0] <= after

    def happen(self, event: Event, on: Date, after: Month) -> None:
        """An event that happened; what stood before stays for those who look back (R6)."""
        if not self.deal.now < on.first <= after:
            self.findings.append(
                Diagnostic(
                    "date-outside",
                    f"'{event.name}' happened after the old `now` and up to the new one",
                    event.place,
                    found=on.text,
                    expected=f"{month_text(self.deal.now + 1)} to {month_text(after)}",
                    ways_out=("mend the date", "move `now` with --now"),
                )
            )
            return
        node = self.at("events", event.name)
        title = [("title", spelled(event.title, True))] if any(key.text == "title" for key, _ in node.entries) else []
        entries = [*title, ("happened", on.text), ("since", on.text)]
        self.edits += self.splicer.superseded(node, entries, "before")

    def lapse(self, event: Event, gone: Sequence[Policy]) -> None:
        """A decision that was not taken: what is left of its options stays, and its policy is `never` where it was for
        a date gone by."""
        if not gone:
            self.findings.append(
                Diagnostic(
                    "changes-nothing",
                    f"'{event.name}' was not to be decided by then",
                    event.place,
                    ways_out=("leave --did-not-happen out: what does not happen need not be said",),
                )
            )
            return
        node = self.at("events", event.name)
        raw = {key.text: value for key, value in node.entries}
        dropped = {one.text for one in gone}
        for key, value in raw.items():
            if key == "policy" and isinstance(value, Scalar) and value.text in dropped:
                self.edits.append(self.splicer.replaced(value, "never"))
            elif key == "options" and isinstance(value, Items):
                left = [one for one in value.items if not (isinstance(one, Scalar) and one.text in dropped)]
                if len(left) < len(value.items):
                    said = ", ".join(self.splicer.raw(one) for one in left)
                    self.edits.append(self.splicer.replaced(value, f"[{said}]"))

    # what becomes of the files

    def at(self, section: str, name: str) -> Entries:
        """The block of an entry of a section."""
        found = _entry(_entry(self.top, section), name)
        assert isinstance(found, Entries), "a deal that loads has a block there"
        return found

    def kept(self) -> tuple[Frozen, ...]:
        """The forecasts kept so far."""
        files = sorted((self.folder / KEPT).glob("*.json")) if (self.folder / KEPT).is_dir() else []
        return tuple(thawed(file.read_text(encoding="utf-8"), str(file)) for file in files)

    def move_now(self, after: Month) -> None:
        """`now` moves; where the record begins is said, if it was only said by `now`."""
        node = _entry(self.top, "now")
        assert node is not None
        if _entry(self.top, "from") is None:
            entry = f"from: {month_text(self.deal.first)}"
            in_brackets = self.splicer.in_brackets(self.top)
            self.edits.append(
                self.splicer.led(self.top, entry) if in_brackets else self.splicer.before_line(node.place, entry)
            )
        self.edits.append(self.splicer.replaced(node, month_text(after)))

    def open_accounts(self, read: Sequence[Understood], after: Month, forecast: Frozen | None) -> list[str]:
        """Openings that were observed, and at a new `now` those that were forecast; gives the accounts of the latter.
        An opening that says no date is dated: it was at the old `now`."""
        new: dict[str, list[str]] = {}
        for one in sorted(read, key=lambda one: one.on.last):
            if one.given.series in self.deal.variables:
                continue
            balance = spelled(one.given.value, True)
            item = f"{{on: {month_text(one.on.last)}, balance: {balance}, claims: [{one.claim}]}}"
            guess = next((opening for opening in self.deal.openings if replaces(one, opening)), None)
            if guess is None:
                new.setdefault(str(one.given.series), []).append(item)
            else:
                self.edits.append(self.splicer.replaced(self.opening_at(guess), item))
        guessed: list[str] = []
        observed = {(str(one.given.series), one.on.last) for one in read}
        for opening in self.deal.openings if forecast is not None else ():
            if opening.on == self.deal.now and (opening.account, after) not in observed:
                assert forecast is not None
                new.setdefault(opening.account, []).append(self.forecast_opening(forecast, opening.account, after))
                guessed.append(opening.account)
        section = _entry(self.top, "opening")
        for account in dict.fromkeys([*new, *(one.account for one in self.deal.openings if after > self.deal.now)]):
            node = _entry(section, account)
            if node is None:
                assert isinstance(section, Entries), "an account is known by the openings of the deal"
                self.edits.append(self.splicer.added(section, f"{account}: [{', '.join(new[account])}]"))
            else:
                self.edits += self.opened(node, new.get(account, []))
        return guessed

    def opened(self, node: YamlNode, items: Sequence[str]) -> list[Edit]:
        """The openings of an account dated, as one without a date was at the old `now`, and others after them."""
        also = f"on: {month_text(self.deal.now)}"
        if isinstance(node, Entries):
            undated = _entry(node, "on") is None
            if items:
                return self.splicer.listed(node, also if undated else "", items)
            return [self.splicer.led(node, also)] if undated else []
        found = node.items if isinstance(node, Items) else ()
        dated = [self.splicer.led(one, also) for one in found if isinstance(one, Entries) and _entry(one, "on") is None]
        return [*dated, *(self.splicer.added(node, item) for item in items)]

    def opening_at(self, opening: Opening) -> YamlNode:
        """The block of an opening."""
        node = _entry(_entry(self.top, "opening"), opening.account)
        for one in node.items if isinstance(node, Items) else (node,):
            if one is not None and (one.place.line, one.place.column) == (opening.place.line, opening.place.column):
                return one
        raise ValueError(f"the opening of '{opening.account}' cannot be found in the text")

    def forecast_opening(self, forecast: Frozen, account: str, month: Month) -> str:
        """What was forecast of an account, as its opening."""
        found = row_at(forecast, account, month)
        if found is None:
            raise ValueError(
                f"the forecast of {month_text(forecast.as_of)} says nothing of '{account}' at {month_text(month)}: "
                f"report it with --series {account}"
            )
        row, shown = found
        low, middle, high = (row[key] for key in ("p5", "p50", "p95"))
        unit = shown.text
        if unit.startswith("bn ") and max(abs(low), abs(high)) < 1.0:
            low, middle, high, unit = 1e3 * low, 1e3 * middle, 1e3 * high, f"mn {unit.removeprefix('bn ')}"
        ends = [f"{_plain(one)} {unit}".rstrip() for one in (low, middle, high)]
        spread = f"{ends[0]} to {ends[2]}" if ends[0] != ends[2] else ends[1]
        why = f"{FORECAST} {month_text(forecast.as_of)}, no report since"
        if ends[0] != ends[2]:
            why += f"; 5th to 95th percentile, the median is {ends[1]}"
        return f"{{on: {month_text(month)}, balance: {spelled(spread, True)}, assumed: {spelled(why, True)}}}"

    def stale(self, after: Month) -> Iterator[str]:
        """What terms say of how things stood at the old `now`: nobody but a reader can bring it up to the new one."""
        told = [
            f"{name}.{written(one)} (line {term.parameter_places.get(written(one), term.place).line})"
            for name, term in self.deal.terms().items()
            for one in catalogue()[term.type].parameters()
            if "`now`" in one.metadata["doc"] and written(one) in term.parameters
        ]
        if told:
            ends = month_text(self.deal.now), month_text(after)
            yield f"what says how things stood at {ends[0]} is to be brought up to {ends[1]} by hand: {', '.join(told)}"

    def add_points(self, read: Sequence[Understood]) -> None:
        """New points of variables, in order of time."""
        for name in dict.fromkeys(str(one.given.series) for one in read):
            if name not in self.deal.variables:
                continue
            own = sorted((one for one in read if one.given.series == name), key=lambda one: one.on.first)
            points = [
                f"{one.on.text}: {{value: {spelled(one.given.value, True)}, claims: [{one.claim}]}}" for one in own
            ]
            block = self.at("variables", name)
            key = "past" if self.deal.variables[name].past else "observed"
            record = _entry(block, key)
            if record is None:
                self.edits.append(self.splicer.added(block, f"{key}: {{{', '.join(points)}}}"))
            else:
                self.edits += [self.splicer.added(record, point) for point in points]

    def new_claims(self, read: Sequence[Understood]) -> str:
        """The claims with a line for each actual."""
        lines = [
            json.dumps(
                {
                    "id": one.claim,
                    "source": str(one.given.source),
                    "says": one.given.says or f"{one.given.series} was {one.given.value} in {one.on.text}",
                    "published": one.published.text,
                    "value": float(f"{one.value / one.scale:.12g}"),
                    **({"unit": one.unit} if one.unit else {}),
                    "as_of": one.on.text,
                },
                ensure_ascii=False,
            )
            for one in read
        ]
        before = self.files.claims
        return before + ("\n" if before and not before.endswith("\n") else "") + "\n".join(lines) + "\n"

    def new_sources(self, actuals: Sequence[Actual]) -> str:
        """The sources with those that are new."""
        new: dict[str, str] = {}
        for one in actuals:
            if one.title and str(one.source) not in new:
                told = {"title": one.title, "publisher": one.publisher, "published": str(one.published)}
                said = ", ".join(f"{key}: {spelled(value, True)}" for key, value in told.items() if value)
                new[str(one.source)] = f"{spelled(one.source, False)}: {{{said}}}"
        text = self.files.sources
        if not new or not text.strip():
            return text + "".join(f"{entry}\n" for entry in new.values())
        node, findings = parse(text, NAMES[1])
        if not isinstance(node, Entries):
            raise Refused(findings)
        splicer = Splicer(text)
        return spliced(text, [splicer.added(node, entry) for entry in new.values()])


def _checked(files: Files, mark: str) -> tuple[Deal, Graph]:
    """The deal that files tell, and its graph.

    Raises:
        Refused: with all that is wrong; the lines are those of the texts as they would be.
    """
    deal, findings = parse_files(files, mark)
    graph, findings = check(deal, findings)
    if deal is None or graph is None:
        raise Refused(findings, files.by_name(mark))
    return deal, graph


def _entry(node: YamlNode | None, name: str) -> YamlNode | None:
    """The value of a key; None where there is none."""
    entries = node.entries if isinstance(node, Entries) else ()
    return next((value for key, value in entries if key.text == name), None)


def _top_place(top: Entries, key: str) -> Place:
    return next((found.place for found, _ in top.entries if found.text == key), top.place)


def _plain(value: float) -> str:
    """A number of four significant digits without an exponent, as the language writes it."""
    return f"{Decimal(f'{value:.4g}').normalize():f}"

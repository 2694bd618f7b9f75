"""What changed between two deals, in words. Meaning is compared, not layout: comments, the order of keys and the
spelling of quantities are no change; an entry that went and one that came with the same content is renamed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from detente.answers.entries import Entry, Sections, sections
from detente.deal.model import Deal, Grounds
from detente.text.place import Place

Kind = Literal["added", "removed", "renamed", "changed", "spelled"]

SELF = "(itself)"
"""What stands for an entry's own name when two entries are compared under different names."""


@dataclass(frozen=True, slots=True)
class Changed:
    """One change: of a whole entry (`what` is empty) or of a part of one. `text` says it in words, without the name;
    `place` is where it stands now, or stood."""

    section: str
    name: str
    kind: Kind
    what: str
    before: str
    after: str
    text: str
    place: Place

    def __str__(self) -> str:
        return f"{self.name}: {self.text}"


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from one deal to another, section by section; `spelling` holds literals that are written otherwise
    and mean the same."""

    before: str
    after: str
    changes: tuple[Changed, ...]
    spelling: tuple[Changed, ...]

    @property
    def same(self) -> bool:
        """Whether the two deals mean the same."""
        return not self.changes

    def as_data(self) -> dict[str, object]:
        """Everything as plain data, ready for JSON; places as file and line."""
        return {
            "before": self.before,
            "after": self.after,
            "same": self.same,
            "changes": [_plain(one) for one in self.changes],
            "spelling": [_plain(one) for one in self.spelling],
        }

    def __str__(self) -> str:
        return "\n".join(map(str, self.changes)) or "no change"


def difference(before: Deal, after: Deal) -> Difference:
    """What changed from one deal to the other."""
    old, new = sections(before), sections(after)
    renamed = _renames(old, new)
    changes: list[Changed] = []
    spelling: list[Changed] = []
    for section, entries in new.items():
        was = {_renamed(name, renamed): (name, entry) for name, entry in old[section].items()}
        for name, entry in entries.items():
            if name not in was:
                changes.append(_whole(section, name, "added", entry))
                continue
            former, earlier = was[name]
            implied = {key: value for key, value in renamed.items() if key != former}
            if former != name and _renamed(former, implied) != name:
                changes.append(_moved(section, former, name, entry))
            found = _changes(section, name, earlier, entry, renamed)
            changes += [one for one in found if one.kind != "spelled"]
            spelling += [one for one in found if one.kind == "spelled"]
        changes += [_whole(section, name, "removed", one) for key, (name, one) in was.items() if key not in entries]
        changes += _order(section, before, after, renamed)
    return Difference(before.title, after.title, tuple(changes), tuple(spelling))


# renames


def _renames(old: Sections, new: Sections) -> dict[str, str]:
    """Names that went and came with the same content, where only one of each fits. Found until no more is: once a party
    is renamed its variables are, and what reads them."""
    found: dict[str, str] = {}
    while True:
        more: dict[str, str] = {}
        for section, entries in new.items():
            here = {_renamed(name, found) for name in old[section]}
            gone = {name: entry for name, entry in old[section].items() if _renamed(name, found) not in entries}
            came = {name: entry for name, entry in entries.items() if name not in here}
            contents = [(name, _content(name, entry, found)) for name, entry in came.items()]
            for name, entry in gone.items():
                own = _content(name, entry, found)
                fits = [other for other, content in contents if content == own]
                twins = [other for other in gone if _content(other, gone[other], found) == own]
                if own and len(fits) == len(twins) == 1:
                    more[name] = fits[0]
        if not more:
            return found
        found |= more


def _content(name: str, entry: Entry, renamed: Mapping[str, str]) -> Any:
    """All that an entry says but for its name."""
    names = {**renamed, name: SELF}
    says = [(_mapped(path, names), _mapped(leaf.meaning, names)) for path, leaf in entry.leaves.items()]
    rests = [(_mapped(path, names), _mapped(_support(one), names)) for path, one in entry.grounds.items()]
    return frozenset(map(repr, [*says, *(pair for pair in rests if pair[1] != _support(Grounds()))]))


def _support(grounds: Grounds) -> Any:
    cited = sorted((one.claim, one.gives) for one in grounds.citations)
    return (tuple(cited), ("said", grounds.assumed), grounds.since.text if grounds.since else "")


def _mapped(meaning: Any, renamed: Mapping[str, str]) -> Any:
    """A meaning with the names that changed replaced, also within `party.account` and `agreement.term`."""
    if isinstance(meaning, tuple):
        return meaning if meaning[:1] == ("said",) else tuple(_mapped(part, renamed) for part in meaning)
    return _renamed(meaning, renamed) if isinstance(meaning, str) else meaning


def _renamed(name: str, renamed: Mapping[str, str]) -> str:
    head, tail = name, ""
    while head:
        if head in renamed:
            return renamed[head] + tail
        head, dot, last = head.rpartition(".")
        tail = dot + last + tail
    for mark in (" at ", ", "):
        first, found, rest = name.partition(mark)
        if found and (new := _renamed(first, renamed)) != first:
            return new + mark + rest
    return name


# in words


def _changes(section: str, name: str, old: Entry, new: Entry, renamed: Mapping[str, str]) -> list[Changed]:
    """What changed within an entry: part by part, then what it rests on."""
    was = {_mapped(path, renamed): leaf for path, leaf in old.leaves.items()}
    found: list[Changed] = []
    for path in dict.fromkeys([*new.leaves, *was]):
        one, other, what = was.get(path), new.leaves.get(path), " ".join(path)
        place = new.place if other is not None else old.place
        if one is None and other is not None:
            text, kind = f"{what}: {other.text}, which was not there" if what else other.text, "changed"
        elif other is None and one is not None:
            text, kind = f"{what} is gone (it was {one.text})", "changed"
        elif one is not None and other is not None and _mapped(one.meaning, renamed) != other.meaning:
            text, kind = f"{what} from {one.text} to {other.text}", "changed"
        elif one is not None and other is not None and _mapped(one.spelled, renamed) != other.spelled:
            one = replace(one, text=", ".join(one.spelled))
            other = replace(other, text=", ".join(other.spelled))
            text, kind = f"{what} spelled {other.text} instead of {one.text}", "spelled"
        else:
            continue
        pair = (one.text if one else "", other.text if other else "")
        found.append(Changed(section, name, kind, what, *pair, text, place))  # type: ignore[arg-type]
    earlier = {_mapped(path, renamed): grounds for path, grounds in old.grounds.items()}
    for path, grounds in new.grounds.items():
        before = earlier.get(path)
        said = _regrounded(before, grounds, renamed) if before is not None else ""
        if said:
            what = " ".join((*path, "grounds"))
            text = f"{' '.join(path)} {said}".strip()
            found.append(
                Changed(section, name, "changed", what, _rests(earlier[path]), _rests(grounds), text, new.place)
            )
    return found


def _regrounded(old: Grounds, new: Grounds, renamed: Mapping[str, str]) -> str:
    """How what a block rests on changed: "now rests on claim x instead of an assumption"."""
    was = {_renamed(one.claim, renamed): one.gives for one in old.citations}
    now = {one.claim: one.gives for one in new.citations}
    came = [_claim(name, gives) for name, gives in now.items() if name not in was]
    gone = [_claim(name, gives) for name, gives in was.items() if name not in now]
    said: list[str] = []
    if came and old.assumed and not new.assumed:
        said.append(f"now rests on {_list(came)} instead of an assumption ({old.assumed})")
    elif gone and new.assumed and not old.assumed:
        said.append(f"now assumed ({new.assumed}) instead of resting on {_list(gone)}")
        said += [f"rests on {_list(came)}"] if came else []
    else:
        said += [f"now {'also ' if was and not gone else ''}rests on {_list(came)}"] if came else []
        said += [f"no longer rests on {_list(gone)}"] if gone else []
        if old.assumed != new.assumed:
            said.append(
                f"assumed because “{new.assumed}”, before “{old.assumed}”"
                if old.assumed and new.assumed
                else f"now also assumed ({new.assumed})"
                if new.assumed
                else f"no longer assumed ({old.assumed})"
            )
    if came and gone and not (old.assumed or new.assumed):
        said = [f"now rests on {_list(came)} instead of {_list(gone)}"]
    said += [
        f"claim {name} now gives {_given(now[name])}, before {_given(was[name])}"
        for name in now
        if name in was and was[name] != now[name]
    ]
    since = [one.since.text if one.since else "" for one in (old, new)]
    if since[0] != since[1]:
        said.append(f"held since {since[1] or 'ever'}, before since {since[0] or 'ever'}")
    if old.note != new.note:
        said.append(
            "its note is reworded" if old.note and new.note else "a note is added" if new.note else "its note is gone"
        )
    return "; ".join(said)


def _claim(name: str, gives: str) -> str:
    return f"claim {name}" + ("" if gives == "value" else f" ({gives})")


def _given(gives: str) -> str:
    return {"value": "the value", "bound": "a bound", "direction": "a direction"}.get(gives, gives)


def _list(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _rests(grounds: Grounds) -> str:
    parts = [_claim(one.claim, one.gives) for one in grounds.citations]
    return "; ".join([*parts, *([f"assumed: {grounds.assumed}"] if grounds.assumed else [])])


def _whole(section: str, name: str, kind: Literal["added", "removed"], entry: Entry) -> Changed:
    """An entry that came or went, with what it says."""
    parts = [f"{' '.join(path)} {leaf.text}".strip() for path, leaf in entry.leaves.items()]
    rests = "; ".join(dict.fromkeys(filter(None, map(_rests, entry.grounds.values()))))
    content = "; ".join([*parts, *([rests] if rests else [])])
    word = {"added": "added", "removed": "withdrawn" if section in ("claims", "sources") else "removed"}[kind]
    before, after = ("", content) if kind == "added" else (content, "")
    return Changed(section, name, kind, "", before, after, f"{word}: {content}" if content else word, entry.place)


def _moved(section: str, former: str, name: str, entry: Entry) -> Changed:
    """An entry of another name; an input that keeps no stream is drawn anew under it (R5)."""
    drawn = section == "assumptions" and ("stream",) not in entry.leaves
    also = f"; its draws change with the name (`stream: {former}` keeps them)" if drawn else ""
    word = "moved" if section in ("amendments", "opening") else "renamed"
    return Changed(section, name, "renamed", "", former, name, f"{word} from {former}{also}", entry.place)


def _order(section: str, before: Deal, after: Deal, renamed: Mapping[str, str]) -> Iterator[Changed]:
    """Where the order of a file means something: a path belongs to the first future that fits, and of two offers of one
    price and date the first is called first."""
    if section == "futures":
        pair = (list(before.futures), list(after.futures))
    elif section == "terms":
        pair = (_offers(before), _offers(after))
    else:
        return
    old = [_renamed(name, renamed) for name in pair[0]]
    was, now = [name for name in old if name in pair[1]], [name for name in pair[1] if name in old]
    if was != now:
        texts = ", ".join(was), ", ".join(now)
        yield Changed(section, "the order", "changed", "", *texts, f"from {texts[0]} to {texts[1]}", after.place)


def _offers(deal: Deal) -> list[str]:
    """Terms that bid into a need, in the order of signature."""
    signed = sorted(deal.agreements.values(), key=lambda one: one.signed.first)
    names = [f"{one.name}.{name}" for one in signed for name in one.versions]
    return [name for name in names if "need" in deal.terms()[name].parameters]


def _plain(one: Changed) -> dict[str, object]:
    found = asdict(one)
    found.pop("place")
    return {**found, "file": one.place.file, "line": one.place.line}

"""A deal goes to text and to data and back without loss; it can be built from objects, changed, and kept in a folder."""

from __future__ import annotations

import datetime
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import detente
from detente.deal.load import SECTIONS, load_deal
from detente.deal.write import EXAMPLE, HEAD, Files, begin, changed, files_of, tidy
from detente.text.nodes import Mapping, Scalar, Sequence, parse
from detente.text.place import Place
from tests.random_deals import RandomDeal, deals
from tests.support import agreement, small

ROOT = Path(__file__).parents[2]
ERRORS = ROOT / "tests" / "errors"


def says(item: object) -> Any:
    """What a deal or a part of it says, without the places and the quotes."""
    match item:
        case Place():
            return None
        case Scalar(text=text):
            return text
        case Mapping(entries=entries):
            return {key.text: says(value) for key, value in entries}
        case Sequence(items=items):
            return [says(value) for value in items]
        case dict():
            return [(key, says(value)) for key, value in item.items()]
        case tuple():
            return [says(value) for value in item]
        case _ if is_dataclass(item):
            kept = [field for field in fields(item) if field.compare and field.name != "folder"]
            return type(item), {field.name: says(getattr(item, field.name)) for field in kept}
    return item


def returns(deal: detente.Deal) -> None:
    """The deal is the same after a way through text, and through data."""
    assert deal.files is not None
    through_text = detente.loads(deal.to_text(), deal.files.sources, deal.files.claims)
    assert says(through_text.text) == says(deal.text)
    through_data = detente.build(**deal.to_data())
    assert says(through_data.text) == says(deal.text)
    assert through_data.to_data() == deal.to_data()


@settings(max_examples=25)
@given(deals())
def test_random_deals_return(deal: RandomDeal) -> None:
    returns(detente.loads(deal.text))


@pytest.mark.parametrize(
    "folder",
    [*sorted(path.parent for path in (ROOT / "cases").glob("*/deal.yaml")), EXAMPLE],
    ids=lambda path: path.name,
)
def test_the_cases_return(folder: Path) -> None:
    returns(detente.load(folder))


def test_valid_deals_among_the_errors_return() -> None:
    tried = 0
    for path in sorted(ERRORS.glob("*.yaml")) + sorted(path.parent for path in ERRORS.glob("*/deal.yaml")):
        try:
            deal = detente.load(path)
        except detente.Refused:
            continue
        returns(deal)
        tried += 1
    assert tried >= 3


TREES = st.recursive(
    st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("ab :#,{\n–😀", min_size=1), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text("abc_", min_size=1), TREES, min_size=1, max_size=5))
def test_any_data_is_written_without_loss(data: dict[str, Any]) -> None:
    found, findings = parse(files_of(data).deal, "x")
    assert findings == ()
    assert says(found) == data


def test_what_is_built_is_laid_out() -> None:
    data = detente.load(EXAMPLE).to_data()
    text = files_of(**data).deal
    assert tidy(text, "x")[0] == text


DATA: dict[str, Any] = {
    "deal": "built",
    "now": datetime.date(2024, 12, 1),
    "to": 2025,
    "parties": {"lab": {"name": "Lab: the first"}, "world": {"outside": True}},
    "resources": {"USD": {"kind": "money"}},
    "variables": {
        "lab.sales": {
            "unit": "USD / month",
            "table": {datetime.date(2024, 12, 1): 0.1, "2025-12": 100},
            "assumed": "g",
        },
        "part": {"is": "max(1, 2) * 0.1", "assumed": "a, b"},
    },
    "flows": {"sales": {"from": "world", "to": "lab", "amount": "part * lab.sales"}},
    "opening": {"lab.USD": {"balance": "1000 USD", "assumed": "g"}},
    "outputs": ["lab.USD"],
}


def test_objects_are_written_as_people_would() -> None:
    deal = detente.build(DATA)
    assert deal.to_text() == (
        "deal: built\n"
        "now: 2024-12-01\n"
        "to: 2025\n"
        "\n"
        "parties:\n"
        '  lab: {name: "Lab: the first"}\n'
        "  world: {outside: true}\n"
        "\n"
        "resources:\n"
        "  USD: {kind: money}\n"
        "\n"
        "variables:\n"
        "  lab.sales: {unit: USD / month, table: {2024-12-01: 0.1, 2025-12: 100}, assumed: g}\n"
        '  part: {is: "max(1, 2) * 0.1", assumed: "a, b"}\n'
        "\n"
        "flows:\n"
        "  sales: {from: world, to: lab, amount: part * lab.sales}\n"
        "\n"
        "opening:\n"
        "  lab.USD: {balance: 1000 USD, assumed: g}\n"
        "\n"
        "outputs: [lab.USD]\n"
    )
    # from 0.1 to 100 in twelve months: the sum over the months 2025-01 to 2025-12, twice a tenth of it a flow
    expected = 1000 + 0.2 * sum(0.1 + 99.9 * month / 12 for month in range(1, 13))
    assert deal.evaluate(["lab.USD at 2025-12"], paths=1)["lab.USD at 2025-12"][0] == pytest.approx(expected)


@given(st.floats(allow_nan=False, allow_infinity=False) | st.integers())
def test_numbers_are_written_exactly(number: float) -> None:
    node, _ = parse(files_of({"deal": number}).deal, "x")
    assert isinstance(node, Mapping)
    value = node.entries[0][1]
    assert isinstance(value, Scalar)
    assert type(number)(value.text) == number


def test_numbers_of_numpy_are_numbers() -> None:
    text = files_of({"a": np.float64(0.1), "b": np.int32(7), "c": {np.int64(2025): np.float32(0.5)}}).deal
    assert text == "a: 0.1\nb: 7\nc:\n  2025: 0.5\n"


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({1, 2}, r"flows\.a is a set"),
        (None, r"flows\.a is None: leave the key out"),
        (float("nan"), r"flows\.a is nan"),
        ({"b": [1, object()]}, r"flows\.a\.b\.1 is a object"),
        ({True: 1}, r"a key of flows\.a is a bool"),
        (datetime.datetime(2025, 1, 1, 12), r"flows\.a is a time of day"),
    ],
)
def test_what_a_deal_cannot_hold_is_said(value: object, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        files_of({"flows": {"a": value}})


def test_what_holds_itself_is_said() -> None:
    ring: dict[str, Any] = {}
    ring["a"] = ring
    with pytest.raises(ValueError, match="nested too deep"):
        files_of({"flows": ring})


def test_what_is_wrong_is_shown_in_the_text_that_was_built() -> None:
    with pytest.raises(detente.Refused) as refused:
        detente.build({**DATA, "flows": {"sales": {"from": "wolrd", "to": "lab", "amount": "lab.sales"}}})
    told = str(refused.value)
    assert "deal.yaml (built):" in told
    assert "| " in told
    assert "wolrd" in told.splitlines()[1]
    assert "did you mean 'world'?" in told


SOURCES = {"paper": {"title": "News: a first", "published": datetime.date(2024, 6, 1), "kind": "original"}}
CLAIMS = [
    {"id": "c", "source": "paper", "says": 'it "costs" 5\u2028now', "value": 5, "as_of": datetime.date(2024, 6, 1)}
]


def test_evidence_is_built_too(tmp_path: Path) -> None:
    parts = {"part": {"value": 5, "claims": ["c"]}}
    deal = detente.build(
        {**DATA, "variables": DATA["variables"] | {"part": {"is": "p"}}, "assumptions": {"p": parts["part"]}},
        SOURCES,
        CLAIMS,
    )
    claim = deal.text.evidence.claims["c"]
    assert (claim.value, claim.says, claim.as_of) == (5, 'it "costs" 5\u2028now', "2024-06-01")
    deal.write(tmp_path / "kept")
    assert says(detente.load(tmp_path / "kept").text) == says(deal.text)
    with pytest.raises(detente.Refused, match=r"claims\.jsonl \(built\)"):
        detente.build(DATA, SOURCES, [{"id": "d", "source": "papre", "says": "x"}])
    with pytest.raises(ValueError, match="a value of a claim is a set"):
        detente.build(DATA, SOURCES, [{"id": {1}}])


# --- Folders


def test_a_folder_is_not_overwritten_unasked(tmp_path: Path) -> None:
    deal, example = detente.build(DATA), detente.load(EXAMPLE)
    example.write(tmp_path / "a")
    with pytest.raises(FileExistsError, match="overwrite=True"):
        deal.write(tmp_path / "a")
    assert detente.load(tmp_path / "a").title == example.title
    deal.write(tmp_path / "a", overwrite=True)
    # the claims of the other deal are gone with it
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["deal.yaml"]


def test_a_deal_is_written_as_it_was_loaded(tmp_path: Path) -> None:
    detente.load(EXAMPLE).write(tmp_path / "a")
    for path in EXAMPLE.iterdir():
        assert (tmp_path / "a" / path.name).read_text(encoding="utf-8") == path.read_text(encoding="utf-8")


def test_a_deal_as_of_a_date_has_no_text() -> None:
    deal = detente.loads(small())
    assert deal.as_of("2024-12").to_text() == deal.to_text()
    earlier = detente.loads(small(first="2024-01", opening="")).as_of("2024-06")
    for ask in (earlier.to_text, earlier.to_data, lambda: earlier.changed({})):
        with pytest.raises(ValueError, match="no text of its own"):
            ask()


def test_a_new_deal_is_a_good_one(tmp_path: Path) -> None:
    begin(tmp_path / "first")
    deal, findings = load_deal(tmp_path / "first")
    assert findings == ()
    assert deal is not None
    text = (tmp_path / "first" / "deal.yaml").read_text(encoding="utf-8")
    assert tidy(text, "x")[0] == text
    assert all(len(line) <= 120 for line in text.splitlines())
    node, _ = parse(text, "x")
    assert isinstance(node, Mapping)
    assert {key.text for key, _ in node.entries} == {*HEAD, *SECTIONS} - {"note"}
    run = detente.load(tmp_path / "first").run(paths=200)
    assert 0.05 < run.futures["sold"].mean < 0.95


@pytest.mark.parametrize("name", ["first", "-x", "a b", "..", "no/folder"])
def test_a_bad_name_gives_a_word(tmp_path: Path, name: str) -> None:
    (tmp_path / "first").mkdir()
    with pytest.raises(ValueError, match=r"there already|no name for a deal|there is no folder"):
        begin(tmp_path / name)
    assert list(tmp_path.rglob("deal.yaml")) == []


# --- Changes

CHANGED = small(
    variables="""
        # what the lab sells
        lab.sales: {unit: USD / month, past: {2024-12: 100}, next: "gbm(growth = 0% / year, volatility = 5% / sqrt(year))", assumed: g}  # guessed
    """,
    agreements=agreement(
        "share: {type: revenue_share, payer: lab, payee: cloud, base: lab.sales, rate: 20%, assumed: g}"
    ),
    checks="- {that: lab.USD > 0 USD}",
)


def test_values_are_changed_and_comments_stay() -> None:
    deal = detente.loads(CHANGED)
    new = deal.changed(
        {
            "agreements.pact.terms.share.rate": "15%",
            "variables.lab.sales.past.2024-12": 90.5,
            ("parties", "fund", "outside"): False,
            "checks.0.that": "max(lab.USD, 1 USD) > 0 USD",
        }
    )
    before, after = ((tidy(text, "x")[0] or "").splitlines() for text in (deal.to_text(), new.to_text()))
    assert [(old.strip(), line.strip()) for old, line in zip(before, after, strict=True) if old != line] == [
        ("fund: {name: an investor, outside: true}", "fund: {name: an investor, outside: false}"),
        ("past: {2024-12: 100}", "past: {2024-12: 90.5}"),
        (
            "share: {type: revenue_share, payer: lab, payee: cloud, base: lab.sales, rate: 20%, assumed: g}",
            "share: {type: revenue_share, payer: lab, payee: cloud, base: lab.sales, rate: 15%, assumed: g}",
        ),
        ("- {that: lab.USD > 0 USD}", '- {that: "max(lab.USD, 1 USD) > 0 USD"}'),
    ]
    assert "# what the lab sells" in new.to_text()
    assert "# guessed" in new.to_text()
    assert deal.to_text() == CHANGED


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("agreements.pact.terms.share.rat", "no 'rat' in agreements.pact.terms.share; did you mean 'rate'?"),
        ("variables.lab.slaes.past", "no 'lab.slaes.past' in variables; did you mean 'lab.sales'?"),
        (("variables", "lab.sale"), "no 'lab.sale' in variables; did you mean 'lab.sales'?"),
        ("checks.1.that", r"no '1.that' in checks \(0\)"),
        ("deal.x", "no 'x' in deal"),
        ("", "no '' in the deal"),
        ("deal.", "no 'deal.' in the deal"),
        ((), "no '' in the deal"),
    ],
)
def test_an_unknown_path_is_said(path: Any, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        detente.loads(CHANGED).changed({path: 1})


def test_a_path_with_two_meanings_is_said() -> None:
    files = Files("a: {b.c: 1, b: {c: 2}}\n")
    with pytest.raises(ValueError, match="2 ways: give its keys as a tuple"):
        changed(files, {"a.b.c": 3})
    assert changed(files, {("a", "b.c"): 3}).deal == "a: {b.c: 3, b: {c: 2}}\n"
    assert changed(files, {("a", "b", "c"): [3]}).deal == "a: {b.c: 1, b: {c: [3]}}\n"


def test_a_change_that_is_wrong_is_refused_with_its_place() -> None:
    with pytest.raises(detente.Refused, match=r"deal\.yaml \(changed\)") as refused:
        detente.loads(CHANGED).changed({"agreements.pact.terms.share.payer": "lba"})
    assert "did you mean 'lab'?" in str(refused.value)

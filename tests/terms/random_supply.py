"""Random terms of supply, price and credit between the lab and its suppliers, and what each promises."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from detente.lang.syntax import Number, Quantity
from tests.support import Played

SMALL = 1e-9
"""Relative: more than rounding can add up to in two years, less than anything anybody would miss."""

FloatArray = npt.NDArray[np.float64]


def part(low: int = 0, high: int = 100) -> st.SearchStrategy[str]:
    """A part of a whole as written."""
    return st.integers(low, high).map(lambda number: f"{number}%")


@st.composite
def prices(draw: st.DrawFn) -> str:
    """One price, or tiers of a capacity, dearer or cheaper with every step."""
    if draw(st.booleans()):
        return f"price: {draw(st.sampled_from(('3 USD / MW / month', 'rate', 'rate * (1 + 10% * unmet_before / (1 MW))')))}"
    first = draw(st.integers(1, 4))
    second, last = first + draw(st.integers(1, 4)), draw(st.sampled_from(("", "up_to: 9 MW, ")))
    steps = [draw(st.sampled_from(("rate", "4 USD / MW / month", "1 USD / MW / month"))) for _ in range(3)]
    return (
        f"tiers: [{{up_to: {first} MW, price: {steps[0]}}}, {{up_to: {second} MW, price: {steps[1]}}},"
        f" {{{last}price: {steps[2]}}}]"
    )


@st.composite
def reservations(draw: st.DrawFn) -> str:
    """What a take-or-pay gives the buyer back, to stand behind its parameters."""
    more = draw(st.sampled_from(("", ", tolerance: 0%", ", tolerance: 30%", ", tolerance: 100%")))
    more += draw(st.sampled_from(("", ", resale_offset: 40%", ", resale_offset: 100%")))
    made_up = draw(st.sampled_from(("", ", make_up_right: 12 months", ", make_up_right: 3 months")))
    if made_up:
        made_up += draw(st.sampled_from(("", ", make_up_capacity: 2 MW")))
    return more + made_up


@st.composite
def obligations(draw: st.DrawFn) -> str:
    """What is owed of a capacity, and how a delay is judged."""
    low, high = draw(st.integers(1, 15)), draw(st.integers(1, 15))
    schedule = f"schedule: [{{on: 2025-03, capacity: {low} MW}}, {{on: 2026-01, capacity: {high} MW}}]"
    owed = draw(st.sampled_from((f"due: {low} MW", schedule)))
    for choices in (
        ("", ", damages_cap: 40 USD", ", damages_cap: 0 USD"),
        ("", ", grace: 0 months", ", grace: 3 months"),
        ("", ", long_stop: 6 months"),
        ("", ", excused: struck"),
    ):
        owed += draw(st.sampled_from(choices))
    return owed


@st.composite
def exclusivities(draw: st.DrawFn) -> str:
    """How far an exclusivity goes, to stand behind its parameters."""
    more = draw(st.sampled_from(("", ", carve_out: [rival]", ", lapse_if_unable: true")))
    return more + draw(st.sampled_from(("", ", share: 0%", ", share: 60%", ", share: 100%")))


@st.composite
def supply_terms(draw: st.DrawFn, bought: list[str], comparables: list[str]) -> list[tuple[str, str, str]]:
    """Terms by name, type and text, about `first.power`; they may all stand beside one another in the agreement
    `first`. `bought` are the terms under which the lab pays the cloud, `comparables` those of rivals."""
    found: list[tuple[str, str, str]] = []

    def some(name: str, kind: str, text: str) -> None:
        if draw(st.integers(0, 3)) == 3:
            found.append((name, kind, text))

    cap, count = draw(st.sampled_from(("", ", cap: 20%"))), draw(st.integers(1, 3))
    repeated = draw(st.sampled_from(("", f", failures: {count}, within: 5 months")))
    some(
        "service",
        "service_level_credit",
        "of: first.power, metric: efficiency, target: 80%, table: [{below: 80%, credit: 10%}, {below: 60%, credit: 30%}]"
        f"{cap}{repeated}",
    )
    every = draw(st.sampled_from(("", ", every: 3 months", ", every: 12 months")))
    some(
        "review",
        "price_review",
        f"of: first.power, formula: 2 * rate, dates: [{{on: 2024-11}}, {{on: 2025-0{draw(st.integers(1, 9))}}}]{every},"
        " floor: 5 USD / MW / month, ceiling: 7 USD / MW / month",
    )
    if comparables:
        back = draw(st.sampled_from(("", ", look_back: 4 months")))
        claimed = draw(st.sampled_from(("", ", claimed: struck")))
        some(
            "favoured",
            "most_favoured_nation",
            f"of: first.power, comparables: [{', '.join(comparables)}]{back}{claimed}",
        )
    some(
        "least",
        "minimum_commitment",
        f"buyer: lab, supplier: cloud, of: [{', '.join(bought)}], amount: {draw(st.integers(0, 300))} USD,"
        f" period: {draw(st.sampled_from((1, 6, 12)))} months, mitigation: {draw(part())}, carry_over: {draw(part())}",
    )
    some(
        "ahead",
        "prepayment",
        f"buyer: lab, supplier: cloud, of: [{', '.join(bought)}], amount: {draw(st.integers(0, 200))} USD,"
        f" on: {draw(st.sampled_from(('2024-06', '2025-04')))}, per_invoice: {draw(part())}, refundable_if: struck",
    )
    kind = draw(st.sampled_from(("bullet", "annuity")))
    sweep = draw(st.sampled_from(("", f", sweep: {draw(part())}")))
    cover = draw(st.sampled_from(("", ", least_cover: 1.3")))
    collateral = draw(st.sampled_from(("", ", most_of_collateral: 70%, collateral_value: 40 USD / MW * fleet")))
    interest = draw(st.sampled_from(("0% / year", "12% / year", "danger")))
    some(
        "debt",
        "delayed_draw_loan",
        f"lender: fund, borrower: cloud, limit: {draw(st.integers(0, 400))} USD, base: 2 months * sales, advance_rate: {draw(part())},"
        f" draw: 2 * sales - 700 USD / month, draw_end: 2025-0{draw(st.integers(1, 9))},"
        f" interest: {interest}, maturity: 2026-0{draw(st.integers(1, 9))}, amortisation: {kind},"
        f" available: 0.1 * sales{sweep}{cover}{collateral}",
    )
    pay = draw(st.sampled_from(("share: 30%", "fee: 6 USD / month")))
    some("work", "subcontract", f"of: first.power, payer: cloud, contractor: rival, {pay}")
    return found


def parameters(played: Played, name: str) -> dict[str, object]:
    """What the deal says of a term."""
    return dict(played.graph.deal.terms()[name].parameters)


def number(played: Played, name: str, parameter: str, default: float = 0.0) -> float:
    """A parameter that is written as one number."""
    node = parameters(played, name).get(parameter)
    if node is None:
        return default
    assert isinstance(node, Quantity | Number), node
    return node.value


def holds(played: Played, name: str) -> npt.NDArray[np.bool_]:
    """Whether a term holds: bool[month, path]."""
    return played.simulated(f"{name}.active") > 0.0


def opened(played: Played, name: str) -> FloatArray:
    """A remembered quantity as each month opened: float64[month, path]."""
    closed = played.simulated(name)
    start = np.broadcast_to(played.paths.opening[name], closed[:1].shape)
    return np.concatenate([start, closed[:-1]])


def offers(played: Played, term: str) -> list[str]:
    """The offers of a term: itself, or those of its parts."""
    names = [name.removesuffix(".use") for name in played.graph.equations if name.endswith(".use")]
    parts = [name for name in names if name.startswith(f"{term}.")]
    return parts or [name for name in names if name == term]


def the_bill_is_the_price_times_the_use(played: Played, name: str) -> None:
    use, bill = played.simulated(f"{name}.use"), played.simulated(f"{name}.bill")
    assert (bill[use == 0.0] == 0.0).all()
    assert (bill >= 0.0).all()
    assert (use[~holds(played, name)] == 0.0).all()
    tiers = offers(played, name)
    if tiers == [name]:
        assert np.allclose(bill, played.simulated(f"{name}.price") * use, rtol=SMALL, atol=0.0)
    for before, after in pairwise(tiers):
        later = played.simulated(f"{after}.use") > 0.0
        full = played.simulated(f"{before}.offered")
        assert (played.simulated(f"{before}.use")[later] == full[later]).all(), "a later tier is called first"


def the_firm_part_is_paid_used_or_not(played: Played, name: str) -> None:
    fee, offset = number(played, name, "fee"), number(played, name, "resale_offset")
    split = f"{name}.firm.use" in played.graph.equations
    firm = f"{name}.firm" if split else name
    idle = played.simulated(f"{firm}.offered") - played.simulated(f"{firm}.use")
    flexible = played.simulated(f"{name}.flexible.use") if f"{name}.flexible.use" in played.graph.equations else 0.0
    paid = played.simulated(f"{name}.bill") + fee * offset * idle - fee * flexible
    assert np.allclose(paid, fee * played.simulated(f"{firm}.offered"), rtol=SMALL, atol=1e-9)
    assert (played.simulated(f"{name}.bill") >= 0.0).all()
    if f"{name}.make_up.use" in played.graph.equations:
        made_up = np.cumsum(played.simulated(f"{name}.make_up.use"), axis=0)
        kept = np.cumsum((1.0 - offset) * idle, axis=0)
        assert (made_up[0] == 0.0).all()
        assert (made_up[1:] <= kept[:-1] + 1e-9).all(), "more is made up than was paid for and not used"


def damages_stay_under_their_cap(played: Played, name: str) -> None:
    damages = played.simulated(f"{name}.damages")
    if "damages_cap" in parameters(played, name):
        cap = number(played, name, "damages_cap")
        assert (played.simulated(f"{name}.paid") <= cap * (1 + SMALL)).all()
    assert (damages >= 0.0).all()
    assert (damages[~holds(played, "first.power")] == 0.0).all()
    assert (damages[played.simulated(f"{name}.missing") == 0.0] == 0.0).all()


def rivals_get_what_is_left(played: Played, name: str) -> None:
    said, needed = parameters(played, name), played.simulated("lab.compute")
    if "carve_out" in said:
        return
    allowed = (1.0 - number(played, name, "share", 1.0)) * needed
    if said.get("lapse_if_unable"):
        allowed = np.maximum(allowed, needed - played.simulated("lab.compute.offered_by.cloud"))
    terms = [one for one in ("second.power", "second.sites") if f"{one}.use" in played.graph.equations]
    used = sum((played.simulated(f"{one}.use") for one in terms), np.zeros_like(needed))
    held = holds(played, name)
    assert (used[held] <= np.maximum(0.0, allowed)[held] * (1 + SMALL) + 1e-12).all()


def no_more_is_matched_than_allowed_and_none_appears(played: Played, name: str) -> None:
    names = [
        one.removesuffix(".taken") for one in played.graph.equations if one.startswith(f"{name}.") and ".taken" in one
    ]
    held = holds(played, name)
    everything = sum((played.simulated(f"{one}.taken") for one in names), np.zeros(held.shape))
    assert (everything <= number(played, name, "matches") * (1 + SMALL)).all()
    assert (everything[~held] == 0.0).all()
    for one in names:
        rival = one.removeprefix(f"{name}.")
        assert (played.simulated(f"{one}.moved") <= played.simulated(f"{rival}.capacity")).all()


def credits_stay_under_their_cap(played: Played, name: str) -> None:
    returned, bill = played.simulated(f"{name}.returned"), played.simulated("first.power")
    assert (returned >= 0.0).all()
    assert (returned <= number(played, name, "cap", 1.0) * bill * (1 + SMALL)).all()


def the_price_stays_between_floor_and_ceiling(played: Played, name: str) -> None:
    price, ever = played.simulated("first.power.price"), played.simulated(f"{name}.ever") > 0.0
    assert (price[ever] <= number(played, name, "ceiling")).all()
    if not any(one == "most_favoured_nation" for one in types(played)):
        assert (price[ever] >= number(played, name, "floor")).all()
    held = (played.simulated(f"{name}.held") > 0.0)[1:]
    kept = played.simulated(f"{name}.kept")
    assert (kept[1:][~held] == kept[:-1][~held]).all(), "a price changes between reviews"


def types(played: Played) -> list[str]:
    """The types of all terms of a deal."""
    return [one.type for one in played.graph.deal.terms().values()]


def the_price_is_at_most_the_best_comparable(played: Played, name: str) -> None:
    said, price = parameters(played, name), played.simulated("first.power.price")
    works = holds(played, name)
    if said.get("claimed"):
        works = works & (played.simulated("struck") > 0.0)
    comparables = said["comparables"]
    assert isinstance(comparables, tuple)
    for other in map(str, comparables):
        best = np.where(holds(played, other), played.simulated(f"{other}.price"), np.inf)
        for back in range(int(number(played, name, "look_back")) + 1):
            earlier = best[: len(best) - back]
            assert (price[back:][works[back:]] <= earlier[works[back:]]).all()


def the_minimum_is_reached_or_paid_for(played: Played, name: str) -> None:
    least, mitigated = number(played, name, "amount"), number(played, name, "mitigation")
    ends = holds(played, name) & (played.simulated(f"{name}.elapsed") == 0.0)
    spent, short = played.simulated(f"{name}.spent"), played.simulated(f"{name}.shortfall")
    paid = played.simulated(f"{name}.true_up")
    assert (spent[ends] + paid[ends] + mitigated * short[ends] >= least * (1 - SMALL)).all()
    assert (paid[~ends] == 0.0).all()


def no_more_is_credited_than_was_prepaid(played: Played, name: str) -> None:
    start = opened(played, f"{name}.balance")[:1]
    back = np.cumsum(played.simulated(f"{name}.credit") + played.simulated(f"{name}.refund"), axis=0)
    paid = start + np.cumsum(played.simulated(f"{name}.payment"), axis=0)
    assert (back <= paid * (1 + SMALL)).all()
    balance = played.simulated(f"{name}.balance")
    assert (balance >= 0.0).all()
    assert np.allclose(balance, paid - back, rtol=0.0, atol=1e-9)


def a_loan_is_drawn_within_its_limits_and_repaid_in_order(played: Played, name: str) -> None:
    draw, drawn, balance = (played.simulated(f"{name}.{label}") for label in ("draw", "drawn", "balance"))
    interest, principal = played.simulated(f"{name}.interest"), played.simulated(f"{name}.principal")
    base = number(played, name, "advance_rate", 1.0) * 2.0 * played.simulated("sales")
    assert (drawn <= number(played, name, "limit") * (1 + SMALL)).all()
    draws = draw > 0.0
    assert (drawn[draws] <= base[draws] * (1 + SMALL)).all()
    assert np.allclose(balance, np.cumsum(draw - principal, axis=0), rtol=0.0, atol=1e-6)
    assert (balance >= -1e-6).all()
    assert (interest >= 0.0).all()
    assert (principal >= 0.0).all()
    idle = ~holds(played, name)
    assert (draw[idle] + interest[idle] + principal[idle] == 0.0).all()
    if f"{name}.swept" in played.graph.equations:
        swept = played.simulated(f"{name}.swept")
        left = 0.1 * played.simulated("sales") - interest - (principal - swept)
        assert (swept[left <= 0.0] <= 1e-9).all(), "swept before interest and instalment were covered"
    if f"{name}.breached" in played.graph.equations:
        broken = opened(played, f"{name}.breached") > 0.0
        assert (draw[broken] == 0.0).all()


def nothing_is_paid_without_the_head_term(played: Played, name: str) -> None:
    paid, head = played.simulated(name), holds(played, "first.power")
    assert (paid[~head | ~holds(played, name)] == 0.0).all()
    if "share" in parameters(played, name):
        assert (paid <= played.simulated("first.power")).all()


PROMISES: dict[str, Callable[[Played, str], None]] = {
    "supply": the_bill_is_the_price_times_the_use,
    "take_or_pay": the_firm_part_is_paid_used_or_not,
    "capacity_delivery_obligation": damages_stay_under_their_cap,
    "service_level_credit": credits_stay_under_their_cap,
    "exclusivity": rivals_get_what_is_left,
    "right_of_first_refusal": no_more_is_matched_than_allowed_and_none_appears,
    "price_review": the_price_stays_between_floor_and_ceiling,
    "most_favoured_nation": the_price_is_at_most_the_best_comparable,
    "minimum_commitment": the_minimum_is_reached_or_paid_for,
    "prepayment": no_more_is_credited_than_was_prepaid,
    "delayed_draw_loan": a_loan_is_drawn_within_its_limits_and_repaid_in_order,
    "subcontract": nothing_is_paid_without_the_head_term,
}

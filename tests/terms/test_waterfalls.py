"""Waterfalls and joint conversions against another way to reckon them: by bisection, on random companies."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.random_deals import EXAMPLES
from tests.support import agreement, play, small

MOST = 4
"""Preferences, or notes, of one company."""

few = settings(max_examples=max(10, EXAMPLES // 3))
amount = st.integers(0, 90)

PARTIES = "\n".join(f"h{number}: {{outside: true}}" for number in range(MOST)) + (
    "\nlab: {name: the company}\nstaff: {outside: true}\nfund: {outside: true}\nworld: {outside: true}"
)


@st.composite
def preferences(draw: st.DrawFn) -> list[tuple[int, int, int, int | None]]:
    """Amount, shares, seniority, and the cap of what participates: 0 where it has none, None where it does not."""
    found = []
    for _ in range(draw(st.integers(1, MOST))):
        first = draw(amount)
        kind = draw(st.sampled_from(("converts", "participates", "capped")))
        cap = {"converts": None, "participates": 0, "capped": first + draw(amount) + 1}[kind]
        found.append((first, draw(amount), draw(st.integers(1, 3)), cap))
    return found


def payoff(first: float, shares: float, cap: int | None, each: float) -> float:
    """What a preference brings where a share brings `each`."""
    if cap is None:
        return max(first, shares * each)
    return first + shares * each if cap == 0 else max(min(first + shares * each, cap), shares * each)


def shared(proceeds: float, claims: list[tuple[int, int, int, int | None]], common: int) -> list[float]:
    """By bisection on the value of a share; by rank where the preferences are not covered."""
    if proceeds < sum(first for first, _, _, _ in claims):
        left, found = proceeds, [0.0] * len(claims)
        for rank in (1, 2, 3):
            equal = [number for number, claim in enumerate(claims) if claim[2] == rank]
            owed = sum(claims[number][0] for number in equal)
            for number in equal:
                found[number] = min(owed, left) * claims[number][0] / owed if owed else 0.0
            left -= min(owed, left)
        return found

    def whole(each: float) -> float:
        return common * each + sum(payoff(first, shares, cap, each) for first, shares, _, cap in claims)

    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if whole(middle) <= proceeds else (low, middle)
    return [payoff(first, shares, cap, low) for first, shares, _, cap in claims]


@given(claims=preferences(), common=st.integers(1, 90), proceeds=st.integers(0, 900))
@few
def test_a_waterfall_is_what_bisection_finds(
    claims: list[tuple[int, int, int, int | None]], common: int, proceeds: int
) -> None:
    """Payouts as bisection gives them; they sum to the proceeds."""
    terms, opening = [], [f"staff.equity: {{balance: {common} share, assumed: g}}", "lab.USD: {balance: 0 USD}"]
    for number, (first, shares, rank, cap) in enumerate(claims):
        more = "" if cap is None else ", participating: true" + (f", cap: {cap} USD" if cap else "")
        terms.append(
            f"p{number}: {{type: liquidation_preference, company: lab, holder: h{number}, on: [sold], payer: world,"
            f" proceeds: {proceeds} USD, invested: {first} USD, seniority: {rank}{more}, assumed: g}}"
        )
        opening.append(f"h{number}.equity: {{balance: {shares} share, assumed: g}}")
    played = play(
        small(
            parties=PARTIES,
            opening="\n".join(opening),
            events="sold: {decided_by: lab, policy: at(2025-03)}",
            agreements=agreement("\n".join(terms), "lab, fund"),
        )
    )
    found = [played(f"pact.p{number}.payout", "2025-03") for number in range(len(claims))]
    expected = shared(float(proceeds), claims, common)
    assert all(abs(x - y) <= 1e-6 for x, y in zip(found, expected, strict=True)), (found, expected)
    assert abs(sum(found) + played("staff.USD", "2025-12") - proceeds) <= 1e-9 * (1 + proceeds)


@st.composite
def some_notes(draw: st.DrawFn) -> list[tuple[int, int, int, bool]]:
    """Principal, cap (0 for none), discount in percent, and whether the cap is post-money. Small against all values."""
    return [
        (
            draw(st.integers(1, 100)),
            draw(st.sampled_from((0, 700, 1500, 4000))),
            draw(st.integers(0, 30)),
            draw(st.booleans()),
        )
        for _ in range(draw(st.integers(1, MOST)))
    ]


@given(found=some_notes(), count=st.integers(1, 900), pre_money=st.integers(700, 5000))
@few
def test_notes_of_one_round_fulfil_each_others_terms(
    found: list[tuple[int, int, int, bool]], count: int, pre_money: int
) -> None:
    """Every note pays the lower of its two prices, on the very count and round price that all of them lead to."""
    terms = [
        "round: {type: equity_round, company: lab, investor: fund, when: on(2025-03), amount: 90 USD, pre_money: PRE USD, assumed: g}"
    ]
    for number, (principal, cap, discount, post) in enumerate(found):
        more = (f", cap: {cap} USD" + (", post_money: true" if post else "")) if cap else ""
        terms.append(
            f"n{number}: {{type: convertible_note, holder: h{number}, company: lab, principal: {principal} USD, on: 2025-01,"
            f" discount: {discount}%, rounds: [pact.round]{more}, assumed: g}}"
        )
    played = play(
        small(
            parties=PARTIES,
            opening=f"staff.equity: {{balance: {count} share, assumed: g}}\nlab.USD: {{balance: 0 USD}}",
            agreements=agreement("\n".join(terms).replace("PRE", str(pre_money)), "lab, fund"),
        )
    )
    issued = [played(f"h{number}.equity", "2025-03") for number in range(len(found))]
    after, price = count + sum(issued), played("pact.round.price", "2025-03")
    assert abs(price * after - pre_money) <= 1e-9 * pre_money
    for shares, (principal, cap, discount, post) in zip(issued, found, strict=True):
        prices = [price * (1 - discount / 100)]
        if cap:
            prices.append(cap / (after if post else count))
        assert abs(principal / shares - min(prices)) <= 1e-9 * min(prices)

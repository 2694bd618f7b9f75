"""Terms of sharing: what one side earns or spends that the other receives or bears a part of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from detente.lang.formula import Formula, constant, false, floor, maximum, minimum, month, select, zero
from detente.terms.joins import Breach, Contribution, Flow, Named
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Row,
    Term,
    below_zero,
    happened,
    not_a_part,
    number_of,
    parameter,
    rows,
    until_month,
)

DECEMBER = 11.0
"""A calendar month counted from the year zero leaves this over twelve in December."""


@dataclass(frozen=True)
class RevenueShare(Term):
    """The payer gives the payee a share of a base, until an end, a cap in all, or an event that stops it.

    Invariant: what is paid never exceeds the cap, and is nothing once it has stopped.
    """

    example: ClassVar[str] = """
        type: revenue_share
        payer: lab
        payee: cloud
        base: 100 USD / month
        rate: 20%
        cap: 900 USD
        assumed: given
    """

    payer: str = parameter("who pays", "party")
    payee: str = parameter("who receives", "party")
    base: Formula = parameter("what the share is taken of", "money / time")
    rate: Formula = parameter("the share", "fraction")
    resource: str = parameter("the money it is paid in", "resource of base")
    cap: Formula | None = parameter("most that is paid in all", "money", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        due = select(here.active, self.rate * self.base, zero(self.base.unit))
        if self.cap is not None:
            left = maximum(zero(self.cap.unit), self.cap - here.paid(self.cap.unit))
            due = minimum(due, left / MONTH)
        return [Flow(self.payer, self.payee, self.resource, due)]

    def impossible(self) -> Iterator[Impossible]:
        yield from below_zero(self, "rate", "cap")


@dataclass(frozen=True)
class ProfitAndCostShare(Term):
    """The partner receives a share of the profit that the lead books, and bears a share of the cost that the lead
    spends.

    With `advanced` the lead lays out the partner's part of the cost, and takes it back out of the partner's part of
    later profit, up to `recovery` of it a month, with interest at a nominal yearly rate over twelve where one is
    agreed. A loss is borne by the lead, or with `losses_shared` by both in the same shares.

    Invariant: what was laid out, with its interest, is what was taken back and what is still owed.
    """

    example: ClassVar[str] = """
        type: profit_and_cost_share
        lead: lab
        partner: cloud
        profit: 80 USD / month
        share: 50%
        cost: 30 USD / month
        cost_share: 50%
        advanced: true
        assumed: given
    """
    quantities: ClassVar[Mapping[str, Quantity]] = {
        "balance": Quantity("what the partner owes the lead for its part of the cost", "money", remembered=True)
    }

    lead: str = parameter("who books the profit and spends the cost", "party")
    partner: str = parameter("who shares in both", "party")
    profit: Formula = parameter("profit to be shared", "money / time")
    share: Formula = parameter("the partner's share of the profit", "fraction")
    resource: str = parameter("the money it is paid in", "resource of profit")
    cost: Formula | None = parameter("cost to be shared", "money / time", None)
    cost_share: Formula = parameter("the partner's share of the cost", "fraction", constant(0.0))
    advanced: bool = parameter("whether the lead lays the partner's cost out", "yes or no", False)
    interest: Formula = parameter("nominal interest on what is laid out", "rate", zero((constant(1.0) / MONTH).unit))
    recovery: Formula = parameter("most of a month's profit share that pays it back", "fraction", constant(1.0))
    losses_shared: bool = parameter("whether the partner bears its share of a loss", "yes or no", False)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing = zero(self.profit.unit)
        part = select(here.active, self.share * self.profit, nothing)
        gain = maximum(nothing, part)
        borne = select(here.active, self.cost_share * self.cost, nothing) if self.cost is not None else nothing
        parts: list[Contribution] = [Flow(self.lead, self.partner, self.resource, gain, label="profit")]
        if self.losses_shared:
            parts.append(Flow(self.partner, self.lead, self.resource, maximum(nothing, -part), label="loss"))
        if not self.advanced:
            return [*parts, Flow(self.partner, self.lead, self.resource, borne, label="cost")]
        owed = here.remembered("balance", zero(self.profit.unit * MONTH.unit)) * (constant(1.0) + self.interest * MONTH)
        repaid = minimum(owed / MONTH, self.recovery * gain)
        left = owed + (borne - here.own("repaid", repaid)) * MONTH
        return [
            *parts,
            Named("repaid", repaid),
            Named("balance", left, zero(left.unit)),
            Flow(self.partner, self.lead, self.resource, here.own("repaid", repaid), label="repayment"),
        ]

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "share", "cost_share", "recovery")
        yield from below_zero(self, "interest")
        if self.cost is None and self.advanced:
            yield Impossible("advanced", "there is no cost to lay out", "add `cost: …`")


@dataclass(frozen=True)
class RoyaltyTier(Row):
    """A rate above a volume of the calendar year."""

    above: Formula = parameter("sales of the calendar year from which the rate holds", "money")
    rate: Formula = parameter("royalty on what is sold above", "fraction")


@dataclass(frozen=True)
class Royalty(Term):
    """The licensee pays the licensor a rate on net sales, by tiers of the calendar year's sales, with a least sum a
    year.

    Of royalties to third parties (`stacked`) the part `deduction` is taken off, but never more than down to `at_least`
    of the royalty. What the year's royalties lack of `minimum` is paid in December, and, where the term ends earlier,
    in the month after its last; a year in which it holds for some months has the minimum of these months.

    Invariant: the royalties of a year that has been settled are at least its minimum.
    """

    example: ClassVar[str] = """
        type: royalty
        licensee: lab
        licensor: cloud
        sales: 100 USD / month
        tiers:
          - {above: 0 USD, rate: 6%}
          - {above: 600 USD, rate: 4%}
        minimum: 70 USD
        assumed: given
    """

    licensee: str = parameter("who pays", "party")
    licensor: str = parameter("who receives", "party")
    sales: Formula = parameter("net sales", "money / time")
    tiers: tuple[RoyaltyTier, ...] = rows("rates by volume, the lowest first", RoyaltyTier)
    resource: str = parameter("the money it is paid in", "resource of sales")
    minimum: Formula | None = parameter("least royalty of a calendar year", "money", None)
    stacked: Formula | None = parameter("royalties to third parties on the same sales", "money / time", None)
    deduction: Formula = parameter("part of them that is taken off", "fraction", constant(0.5))
    at_least: Formula = parameter("part of the royalty that is always paid", "fraction", constant(0.5))

    def contribute(self, here: Here) -> Sequence[Contribution]:
        amount = zero(self.sales.unit * MONTH.unit)
        sold = select(here.active, maximum(zero(self.sales.unit), self.sales), zero(self.sales.unit)) * MONTH
        january = _of_year(0.0)
        before = select(january, amount, here.remembered("year_sales", amount))
        after = before + sold
        earned = amount
        for number, tier in enumerate(self.tiers):
            upper = self.tiers[number + 1].above if number + 1 < len(self.tiers) else None
            from_, to = maximum(before, tier.above), after if upper is None else minimum(after, upper)
            earned = earned + tier.rate * maximum(amount, to - from_)
        if self.stacked is not None:
            off = select(here.active, self.deduction * self.stacked * MONTH, amount)
            earned = maximum(self.at_least * earned, earned - off)
        parts: list[Contribution] = [
            Named("year_sales", after, amount),
            Named("earned", earned),
            Flow(self.licensee, self.licensor, self.resource, here.own("earned", amount) / MONTH, label="royalty"),
        ]
        return parts if self.minimum is None else [*parts, *self._least(here, self.minimum, january)]

    def _least(self, here: Here, minimum_: Formula, january: Formula) -> Sequence[Contribution]:
        amount = zero(minimum_.unit)
        owed = minimum_ / constant(12.0)
        due, paid, held = (
            here.own("due", amount),
            here.remembered("unsettled", amount),
            here.remembered("held", false()),
        )
        lacking = paid + select(here.active, owed, amount) - here.own("earned", amount)
        settled = (here.active & _of_year(DECEMBER)) | (held & ~here.active)
        return [
            Named("held", here.active, false()),
            Named("due", select(settled, maximum(amount, lacking), amount)),
            Named("unsettled", select(settled, amount, lacking), amount),
            Flow(self.licensee, self.licensor, self.resource, due / MONTH, label="top_up"),
        ]

    def impossible(self) -> Iterator[Impossible]:
        levels = [number_of(tier.above) for tier in self.tiers]
        known = [level for level in levels if level is not None]
        if len(known) == len(levels) and known != sorted(set(known)):
            yield Impossible("tiers", "the tiers do not rise", "put the lowest first, each above the last")
        yield from not_a_part(self, "deduction", "at_least")
        yield from below_zero(self, "minimum")


@dataclass(frozen=True)
class MilestonePayment(Term):
    """The payer pays once, in the month in which an event has happened and, where somebody verifies it, that has too.

    A milestone that is not verified by its expiry is never paid. One that was reached by `now` is of the record: it is
    not paid again, and an opening of the term says what was paid.

    Invariant: it is paid at most once.
    """

    example: ClassVar[str] = """
        type: milestone_payment
        payer: lab
        payee: cloud
        event: approval
        amount: 50 USD
        expiry: 2025-09
        assumed: given
    """

    payer: str = parameter("who pays", "party")
    payee: str = parameter("who receives", "party")
    event: str = parameter("what must happen", "event")
    amount: Formula = parameter("what is paid", "money")
    form: str = parameter("what it is paid in: cash, or a money such as service credits", "form of amount", "")
    verified: str | None = parameter("the event by which it is verified", "event", None)
    expiry: int | None = parameter("until when it must be verified", "end date", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        reached = here.active & happened(self.event)
        if self.verified is not None:
            reached = reached & happened(self.verified)
        if self.expiry is not None:
            reached = reached & until_month(self.expiry)
        settled = here.begun & happened(self.event)
        if self.verified is not None:
            settled = settled & happened(self.verified)
        before = here.remembered("reached", false())
        due = select(here.own("reached", before) & ~before, self.amount, zero(self.amount.unit))
        return [
            Named("reached", before | reached, settled),
            Flow(self.payer, self.payee, self.form, due / MONTH, "operating"),
        ]

    def impossible(self) -> Iterator[Impossible]:
        yield from below_zero(self, "amount")


@dataclass(frozen=True)
class JointDevelopment(Term):
    """Parties share the cost of a development, and own its result in shares.

    Each pays its part of the cost to who does the work; who does it itself pays nothing for its own part. Access and
    licences to the result follow the ownership: they stand as terms of their own.

    Invariant: the parts of all parties are the cost.
    """

    example: ClassVar[str] = """
        type: joint_development
        cost: 40 USD / month
        to: world
        cost_shares: {lab: 60%, cloud: 40%}
        ownership: {lab: 50%, cloud: 50%}
        field: robots
        assumed: given
    """

    cost: Formula = parameter("cost of the work", "money / time")
    to: str = parameter("who does the work and is paid", "party")
    cost_shares: tuple[tuple[str, Formula], ...] = parameter("share of the cost by party", "parts by party")
    resource: str = parameter("the money it is paid in", "resource of cost")
    ownership: tuple[tuple[str, Formula], ...] = parameter("share of the result by party", "parts by party", ())
    field: str = parameter("what is developed", "words", "")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        cost = select(here.active, self.cost, zero(self.cost.unit))
        parts = [
            Flow(party, self.to, self.resource, part * cost, label=f"part_of_{party}")
            for party, part in self.cost_shares
            if party != self.to
        ]
        return [*parts, *(Named(f"owned_by_{party}", part) for party, part in self.ownership)]

    def impossible(self) -> Iterator[Impossible]:
        for name, parts in (("cost_shares", self.cost_shares), ("ownership", self.ownership)):
            known = [number_of(part) for _, part in parts]
            if parts and None not in known and abs(sum(part for part in known if part is not None) - 1.0) > 1e-9:
                yield Impossible(name, "the parts do not make one whole", "let them sum to 100%")


@dataclass(frozen=True)
class Licence(Term):
    """The licensee earns an income from what the licensor lets it use, in a field and a territory, for a fee or none.

    The right survives its end by `survives`. Where it is gone, a replacement (its own or another's) keeps `replacement`
    of the income, reached in a straight line over `replacement_over`. Use `outside` of what is granted is a breach.

    Invariant: no income under the licence after it ends; the replacement never passes its share.
    """

    example: ClassVar[str] = """
        type: licence
        licensor: lab
        licensee: cloud
        income: 100 USD / month
        income_from: world
        replacement: 50%
        replacement_over: 10 months
        object: models
        exclusivity: exclusive
        assumed: given
    """

    licensor: str = parameter("who grants the right", "party")
    licensee: str = parameter("who may use it", "party")
    income: Formula = parameter("what the licensee earns by it", "money / time")
    income_from: str = parameter("who pays that income", "party")
    resource: str = parameter("the money it is paid in", "resource of income")
    replacement: Formula = parameter("share of the income kept in the end without the right", "fraction", constant(0.0))
    replacement_over: Formula = parameter("time until that share is reached", "time", MONTH)
    survives: Formula = parameter("time for which the right outlives its end", "time", zero(MONTH.unit))
    fee: Formula | None = parameter("what the licensee pays for the right", "money / time", None)
    outside: Formula | None = parameter("when it is used outside of what is granted", "condition", None)
    object: str = parameter("what may be used", "words", "")
    field: str = parameter("for what", "words", "")
    territory: str = parameter("where", "words", "")
    exclusivity: str = parameter("who else may use it", "one of: exclusive, sole, non-exclusive", "non-exclusive")
    sublicence: bool = parameter("whether the licensee may let others use it", "yes or no", False)
    derivatives: str = parameter("what holds for what is made of it, and where it was made", "words", "")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing = zero(self.income.unit)
        ended = here.begun & ~here.active
        without = select(ended, here.remembered("without", MONTH) + MONTH, zero(MONTH.unit))
        since = here.own("without", MONTH) - self.survives
        gone = ended & (since > zero(MONTH.unit))
        reached = minimum(constant(1.0), since / maximum(MONTH, self.replacement_over))
        used = select(here.begun & ~gone, self.income, nothing)
        kept = select(gone, self.replacement * reached * self.income, nothing)
        parts: list[Contribution] = [
            Named("without", without, zero(MONTH.unit)),
            Flow(self.income_from, self.licensee, self.resource, used, label="income"),
            Flow(self.income_from, self.licensee, self.resource, kept, label="replacement"),
        ]
        if self.fee is not None:
            fee = select(here.active, self.fee, nothing)
            parts.append(Flow(self.licensee, self.licensor, self.resource, fee, label="fee"))
        return parts if self.outside is None else [*parts, Breach(self.outside)]

    def impossible(self) -> Iterator[Impossible]:
        yield from not_a_part(self, "replacement")
        yield from below_zero(self, "survives")


def _of_year(number: float) -> Formula:
    """Whether it is the month of a year with that number, January being 0."""
    return (month() - constant(12.0) * floor(month() / constant(12.0))).equals(constant(number))

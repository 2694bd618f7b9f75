"""Terms of capital: money put into a company on a promise, a note or a pledge, and what profit gives back for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

from detente.lang.formula import (
    Formula,
    constant,
    false,
    maximum,
    minimum,
    reference,
    select,
    total,
    zero,
)
from detente.lang.unit import ONE
from detente.terms.joins import MONTHS, Chance, Contribution, Converting, Flow, Issue, Named, OtherTerm, Shares
from detente.terms.term import (
    MONTH,
    Here,
    Impossible,
    Quantity,
    Row,
    Term,
    from_month,
    happens,
    in_month,
    number_of,
    parameter,
    rows,
    until_month,
)


@dataclass(frozen=True)
class Tranche(Row):
    """One payment of a commitment."""

    amount: Formula = parameter("what is paid", "money")
    on: int = parameter("when it is due", "date")
    if_: Formula | None = parameter("the condition it waits for", "condition", None)
    by: int | None = parameter("until when it waits; without it the condition is judged on the date", "end date", None)
    otherwise: Formula | None = parameter("what is paid where the condition does not come", "money", None)
    form: str = parameter("what it is paid in: cash, or a money such as service credits", "form of amount", "")

    def impossible(self) -> Iterator[Impossible]:
        if self.by is not None and self.by < self.on:
            yield Impossible("by", "the deadline comes before the date", "move one of the two")
        if self.if_ is None and (self.by is not None or self.otherwise is not None):
            yield Impossible("by" if self.by is not None else "otherwise", "there is no condition", "add `if: …`")


@dataclass(frozen=True)
class CapitalCommitment(Term):
    """The investor pays the company in dated tranches, each perhaps on a condition.

    A tranche is paid on its date if its condition holds then, or, where it has a deadline (`by`), as soon as the
    condition holds between the two; else the tranche falls to `otherwise` (nothing, unless said). Tranches dated up to
    `now` are of the record and count as paid. With a `price` every unit of money buys new shares of the company.

    Invariant: what is paid never exceeds what was committed.
    """

    example: ClassVar[str] = """
type: capital_commitment
investor: fund
company: lab
tranches: [{amount: 200 USD, on: 2025-03}, {amount: 300 USD, on: 2025-06, if: event_a, by: 2025-10, otherwise: 50 USD}]
price: 4 USD / share
"""

    investor: str = parameter("who pays", "party")
    company: str = parameter("who receives", "party")
    tranches: tuple[Tranche, ...] = rows("the payments", Tranche)
    price: Formula | None = parameter(
        "price of a new share; without it the money buys no shares", "money / share", None
    )
    class_: str = parameter("the class of these shares", "class", "")
    shares: Shares | None = parameter("the shares that the price buys", "shares of company if price", None)

    def contribute(self, here: Here) -> Sequence[Contribution]:
        parts: list[Contribution] = []
        for number, tranche in enumerate(self.tranches, 1):
            if _last(tranche) <= here.now:
                continue
            label, payment = f"tranche_{number}", f"payment_{number}"
            parts += _conditional(here, tranche, label)
            amount = here.own(label, tranche.amount)
            parts.append(Flow(self.investor, self.company, tranche.form, amount / MONTH, "financing", payment))
            if self.price is not None and self.shares is not None:
                parts.append(Issue(self.company, self.investor, amount / self.price, "round", payment, self.class_))
        return parts

    def paid_on_record(self, now: int) -> Sequence[Formula]:
        return [tranche.amount for tranche in self.tranches if _last(tranche) <= now]


def _last(tranche: Tranche) -> int:
    """The month by which a tranche is settled."""
    return tranche.on if tranche.by is None else tranche.by


def _conditional(here: Here, tranche: Tranche, label: str) -> list[Contribution]:
    """The amount a tranche pays this month, and, where it waits for its condition, whether it is settled."""
    nothing = zero(tranche.amount.unit)
    fallen = tranche.otherwise if tranche.otherwise is not None else nothing
    due = here.active & in_month(tranche.on)
    if tranche.if_ is None:
        return [Named(label, select(due, tranche.amount, nothing))]
    if tranche.by is None:
        return [Named(label, select(due, select(tranche.if_, tranche.amount, fallen), nothing))]
    settled = here.remembered(f"{label}_settled", false())
    met = from_month(tranche.on) & until_month(tranche.by) & tranche.if_ & ~settled
    lapsed = in_month(tranche.by) & ~tranche.if_ & ~settled
    amount = select(here.active & met, tranche.amount, select(here.active & lapsed, fallen, nothing))
    return [Named(label, amount), Named(f"{label}_settled", settled | met | lapsed, false())]


@dataclass(frozen=True)
class ConvertibleNote(Term):
    """The holder lends the company a principal that becomes shares at a qualifying round or on an event.

    The principal comes in on its date and bears simple interest: each later month adds the nominal rate / 12 of it. At
    the first round (one of `rounds`, of at least `qualifying_amount`) or on the event `converts`, all that is owed
    becomes new shares at the lower of two prices: the cap over the shares there are, and the price of that round less
    the discount. The cap is divided by the count before any note converts, but for the classes `not_counted` (a
    pre-money note); with `post_money` by the count after all of them, so that the holder gets what is owed over the cap
    of the whole (a SAFE is such a note with no rate and no maturity). Notes that convert in one month are reckoned
    together, and the round is priced on the count after them. At the maturity what is still owed is repaid; or it
    converts at the cap; or it stays as it is until a round. A principal dated up to `now` is of the record: it counts
    as paid, and interest has run since. While the note does not hold nothing of it changes. Day counts, rounding to
    whole shares and what a note receives when the company is sold are out of its scope; if a standstill keeps its
    holder from some of the shares, nothing is paid in their place.

    Source of the forms: Y Combinator, "Post-money Safe user guide" (2018); the joint solution is `graph/dilution.py`.

    Invariant: the holder gets the note repaid or shares, never both; what is owed is never less than the principal.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "balance": Quantity("principal and interest outstanding", "money", remembered=True),
        "owed": Quantity("what is outstanding with this month's interest, before it converts or is repaid", "money"),
        "converted": Quantity("whether it becomes shares this month", "condition"),
        "repaid": Quantity("what is repaid this month", "money"),
        "issued": Quantity("the shares it becomes this month", "share"),
    }
    example: ClassVar[str] = """
type: convertible_note
holder: fund
company: lab
principal: 100 USD
on: 2025-02
rate: 8% / year
cap: 2000 USD
discount: 20%
converts: event_a
maturity: 2025-12
"""

    holder: str = parameter("who lends", "party")
    company: str = parameter("who borrows", "party")
    principal: Formula = parameter("what is lent", "money")
    on: int = parameter("when it is lent", "date")
    shares: Shares = parameter("the shares it becomes", "shares of company")
    resource: str = parameter("the money it is paid in", "resource of principal")
    rate: Formula = parameter("nominal rate of simple interest", "rate", constant(0.0, ONE / MONTHS, "rate"))
    cap: Formula | None = parameter("value of the company at which it converts at most", "money", None)
    discount: Formula = parameter("what the holder pays less for a share than the round", "fraction", zero(ONE))
    post_money: bool = parameter("whether the cap is the value after the notes have converted", "yes or no", False)
    not_counted: tuple[str, ...] = parameter("classes left out of the count that the cap is divided by", "classes", ())
    rounds: tuple[OtherTerm, ...] = parameter("the rounds at which it converts", "terms: equity_round", ())
    qualifying_amount: Formula | None = parameter("least that such a round must raise", "money", None)
    converts: str = parameter("an event on which it converts at the cap", "event", "")
    maturity: int | None = parameter("when it is due, if it has not converted", "end date", None)
    fallback: str = parameter("what comes at the maturity", "one of: repaid, converted, extended", "repaid")
    class_: str = parameter("the class of shares it becomes", "class", "")

    def impossible(self) -> Iterator[Impossible]:
        if not self.rounds and not self.converts and self.maturity is None:
            yield Impossible("rounds", "nothing converts the note or ends it", "add `rounds`, `converts` or `maturity`")
        if self.cap is None and self.post_money:
            yield Impossible("post_money", "there is no cap", "add `cap: …`")
        if self.cap is None and self.converts:
            yield Impossible("converts", "an event has no price, and there is no cap", "add `cap: …`")
        if self.cap is None and self.maturity is not None and self.fallback == "converted":
            yield Impossible("fallback", "it cannot convert at the maturity without a cap", "add `cap: …`")
        if self.maturity is None and self.fallback != "repaid":
            yield Impossible("fallback", "there is no maturity", "add `maturity: …`")
        if self.maturity is not None and self.maturity <= self.on:
            yield Impossible("maturity", "it is due before it bears interest", "move one of the two dates")
        if self.qualifying_amount is not None and not self.rounds:
            yield Impossible("qualifying_amount", "there are no rounds to qualify", "add `rounds: [TERM]`")
        if self.cap is None and self.not_counted:
            yield Impossible("not_counted", "there is no cap to divide", "add `cap: …`")
        for one in self.not_counted:
            if one not in self.shares.classes:
                yield Impossible("not_counted", f"'{self.company}' has no class '{one}'", "name a class of its shares")
        if not 0.0 <= (number_of(self.discount) or 0.0) < 1.0:
            yield Impossible("discount", "a discount lies between nothing and all", "write a share below 100%")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        nothing = zero(self.principal.unit)
        lent = here.remembered("lent", self.principal)
        interest = select(here.active, lent * self.rate * MONTH, nothing)
        owed = here.own("owed", self.principal)
        ready, pre_money = self._ready()
        due = from_month(self.maturity) if self.maturity is not None else false()
        turns = ready | due if self.fallback == "converted" else ready
        repaid = select(here.active & due & ~turns, owed, nothing) if self.fallback == "repaid" else nothing
        ended = here.own("converted", false()) | (here.own("repaid", self.principal) > nothing)
        drawn = select(here.active & in_month(self.on), self.principal, nothing)
        lent_before, owed_before = self._on_record(here)
        return [
            Named("owed", here.remembered("balance", self.principal) + interest),
            Named("converted", here.active & turns & (owed > nothing)),
            Named("repaid", repaid),
            Named("drawn", drawn),
            Named("lent", select(ended, nothing, lent) + here.own("drawn", drawn), lent_before),
            Named("balance", select(ended, nothing, owed) + here.own("drawn", drawn), owed_before),
            Flow(self.holder, self.company, self.resource, here.own("drawn", drawn) / MONTH, "financing", "principal"),
            Flow(
                self.company,
                self.holder,
                self.resource,
                here.own("repaid", repaid) / MONTH,
                "financing",
                "repayment",
            ),
            self._converting(here, owed, pre_money),
            Issue(self.company, self.holder, here.own("issued", self._none()), "note", class_=self.class_),
        ]

    def paid_on_record(self, now: int) -> Sequence[Formula]:
        return [self.principal] if self.on <= now else []

    def _none(self) -> Formula:
        return zero(self.shares.unit)

    def _ready(self) -> tuple[Formula, Formula]:
        """Whether a round or an event converts the note this month, and the value before the money of that round:
        nothing where there is none."""
        ready = happens(self.converts) if self.converts else false()
        value = zero(self.principal.unit)
        for one in reversed(self.rounds):
            held = one.this_month("held", kind="boolean")
            if self.qualifying_amount is not None:
                held = held & (one.this_month("raised", one.money) >= self.qualifying_amount)
            ready = held | ready
            value = select(held, one.this_month("pre_money", one.money), value)
        return ready, value

    def _converting(self, here: Here, owed: Formula, pre_money: Formula) -> Converting:
        """What it takes at least: the shares that the cap gives, and the part of all that cap or round give."""
        converted, nothing = here.own("converted", false()), zero(ONE)
        least, part = self._none(), nothing
        if self.cap is not None and self.post_money:
            part = select(converted, owed / self.cap, nothing)
        elif self.cap is not None:
            left_out = total(self.shares.unit, [self.shares.issued_of(one) for one in self.not_counted])
            least = select(converted, owed / self.cap * (here.count(self.shares.unit) - left_out), least)
        if self.rounds:
            priced = converted & (pre_money > zero(pre_money.unit))
            value = select(priced, pre_money * (constant(1.0) - self.discount), constant(1.0, pre_money.unit))
            part = maximum(part, select(priced, owed / value, nothing))
        return Converting(self.company, least, part)

    def _on_record(self, here: Here) -> tuple[Formula, Formula]:
        """What is lent and owed at `now`."""
        over = self.maturity is not None and self.maturity <= here.now and self.fallback != "extended"
        if self.on > here.now or over or number_of(here.begun) == 0.0:
            return zero(self.principal.unit), zero(self.principal.unit)
        since = constant(float(here.now - self.on), MONTHS)
        return self.principal, self.principal * (constant(1.0) + self.rate * since)


@dataclass(frozen=True)
class Tier(Row):
    """One tier of a waterfall of profits."""

    share: Formula = parameter("the holder's share of profit in this tier", "fraction")
    cap: Formula = parameter("what the holder has received in all when the tier is full", "money")


@dataclass(frozen=True)
class CappedReturn(Term):
    """The holder of a profit interest receives shares of a profit by tiers, each until it has received a cap in all.

    In each tier the holder gets its share of the profit until all it has received reaches the tier's cap; a month's
    profit may fill several tiers, in order. What is not the holder's, and all of the profit above the last cap, goes to
    the residual owner; without one it stays with the payer. A loss distributes nothing and is not made up for later.
    What the holder had received by `now` is the opening of the term. The interest is no stake: it counts in no stake
    before a `conversion` that names it, and pays nothing from that month on.

    Invariant: what the holder receives in all never exceeds the last cap; a tier pays only when those before are full.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {
        "returned": Quantity("what the holder has received in all", "money", remembered=True),
        "distributed": Quantity("what the holder receives this month", "money"),
    }
    example: ClassVar[str] = """
type: capped_return
payer: lab
holder: cloud
profit: 90 USD / month
tiers: [{share: 75%, cap: 200 USD}, {share: 50%, cap: 500 USD}]
residual_owner: world
"""

    payer: str = parameter("whose profit it is", "party")
    holder: str = parameter("who holds the interest", "party")
    profit: Formula = parameter("the profit that is distributed", "money / time")
    tiers: tuple[Tier, ...] = rows("the tiers, in order", Tier)
    resource: str = parameter("the money it is paid in", "resource of profit")
    residual_owner: str = parameter("who receives the rest", "party", "")

    def impossible(self) -> Iterator[Impossible]:
        caps = [number_of(tier.cap) for tier in self.tiers]
        for before, after in pairwise(caps):
            if before is not None and after is not None and after <= before:
                yield Impossible("tiers", "the caps are of all that is received, and must rise", "put them in order")
        if any(number_of(tier.share) == 0.0 for tier in self.tiers):
            yield Impossible("tiers", "a tier without a share is never full", "give it a share, or take it away")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        money = self.tiers[0].cap.unit
        returned = here.remembered("returned", self.tiers[0].cap)
        profit = select(here.active, maximum(zero(money), self.profit * MONTH), zero(money))
        parts: list[Contribution] = [Named("profit", profit)]
        left, received = here.own("profit", profit), returned
        for number, tier in enumerate(self.tiers, 1):
            room = maximum(zero(money), tier.cap - received)
            parts.append(Named(f"tier_{number}", minimum(tier.share * left, room)))
            filled = tier.share * left >= room
            shared = tier.share > zero(ONE)
            used = select(shared, room / select(shared, tier.share, constant(1.0)), zero(money))
            rest = select(filled, maximum(zero(money), left - used), zero(money))
            parts.append(Named(f"left_after_{number}", rest))
            left = here.own(f"left_after_{number}", rest)
            received = received + here.own(f"tier_{number}", rest)
        own = here.own("distributed", profit)
        parts += [
            Named("distributed", total(money, [here.own(f"tier_{n}", profit) for n in range(1, len(self.tiers) + 1)])),
            Named("returned", returned + own, reference(f"{here.name}.paid", money)),
            Flow(self.payer, self.holder, self.resource, own / MONTH, "financing", "return"),
        ]
        if self.residual_owner not in ("", self.payer):
            rest = (here.own("profit", profit) - own) / MONTH
            parts.append(Flow(self.payer, self.residual_owner, self.resource, rest, "financing", "residual"))
        return parts


@dataclass(frozen=True)
class Intent(Term):
    """A letter of intent, a memorandum, a pledge: words that bind nobody, and may yet become an agreement.

    Whether it becomes binding is drawn once a path, with probability `chance`. Where it does, the payer pays the
    `fraction` of the amount on the date; with a `price` that money buys new shares of the payee. Where it does not, it
    moves no money and issues no share. On the central path it does not bind. Dated up to `now` it moves nothing: what
    came of it is then said by other terms.

    Invariant: on each path either nothing is paid or the fraction of the amount; on average chance × fraction × amount.
    """

    quantities: ClassVar[Mapping[str, Quantity]] = {"binding": Quantity("whether it becomes binding", "condition")}
    example: ClassVar[str] = """
type: intent
payer: fund
payee: lab
amount: 500 USD
on: 2025-07
chance: 30%
fraction: 50%
"""

    payer: str = parameter("who would pay", "party")
    payee: str = parameter("who would receive", "party")
    amount: Formula = parameter("what is spoken of", "money")
    on: int = parameter("when it would be paid", "date")
    chance: Formula = parameter("probability that it becomes binding", "fraction")
    resource: str = parameter("the money it is paid in", "resource of amount")
    fraction: Formula = parameter("part of the amount that is paid then", "fraction", constant(1.0))
    price: Formula | None = parameter("price of a new share that the money would buy", "money / share", None)
    class_: str = parameter("the class of these shares", "class", "")
    shares: Shares | None = parameter("the shares that the price buys", "shares of payee if price", None)

    def impossible(self) -> Iterator[Impossible]:
        if not 0.0 <= (number_of(self.chance) or 0.0) <= 1.0:
            yield Impossible("chance", "a probability lies between nothing and one", "write a share up to 100%")

    def contribute(self, here: Here) -> Sequence[Contribution]:
        binding = here.own("binding", false())
        nothing = zero(self.amount.unit)
        paid = select(here.active & binding & in_month(self.on), self.amount * self.fraction, nothing)
        own = here.own("payment", paid)
        parts: list[Contribution] = [
            Chance(),
            Named("binding", here.drawn() < self.chance),
            Named("payment", paid),
            Flow(self.payer, self.payee, self.resource, own / MONTH, "financing"),
        ]
        if self.price is not None and self.shares is not None:
            bought = select(own > nothing, own / self.price, zero(self.shares.unit))
            parts.append(Issue(self.payee, self.payer, bought, "round", "", self.class_))
        return parts

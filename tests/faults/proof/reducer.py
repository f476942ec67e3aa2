"""States the ends of the known stories: the states in which their cases end, and what happened once.

Written by hand from the services' READMEs. Where two topics race (an application that is read before the
shipment is one for goods not yet shipped), each of the ends that the rules allow is listed; what was
written to Kafka in time is never allowed to count as late.
"""

from collections.abc import Mapping

from tests.faults.proof.fact_checks import Case, End, is_before
from tests.faults.proof.generator import Told
from tests.faults.proof.log import Log, moment_ms
from tests.faults.proof.verdict import Verdict

Ends = Mapping[Case, End]
States = tuple[tuple[str, str], ...]
"""Kind and what follows the order id in the case id -> state; an absent case is `Absent`."""
AGREEMENT, INTENT = "refund-agreement", "refund-intent"
PAID_BACK: dict[str, str] = {f"{AGREEMENT}.r1": "Granted", f"{INTENT}.r1.refund.1": "Settled"}
SHIPPED_AFTER_ALL: dict[str, str] = {f"{AGREEMENT}.r1": "Closed", f"{INTENT}.r1.refund.1": "Absent"}
NOT_TAKEN: dict[str, str] = {f"{AGREEMENT}.r1": "TurnedAway", f"{INTENT}.r1.refund.1": "Absent"}
SECOND = f"{AGREEMENT}.r2"
THIRD: dict[str, str] = {f"{AGREEMENT}.r3": "TurnedAway", f"{INTENT}.r3.refund.1": "Absent"}
SECOND_PAYS: dict[str, str] = {SECOND: "Granted", f"{INTENT}.r2.refund.1": "Requested"}
SECOND_STUCK: dict[str, str] = {SECOND: "Granted", f"{INTENT}.r2.refund.1": "Stuck"}
SECOND_CLOSED: dict[str, str] = {SECOND: "Closed", f"{INTENT}.r2.refund.1": "Absent"}
NO_SECOND: dict[str, str] = {SECOND: "TurnedAway", f"{INTENT}.r2.refund.1": "Absent"}
SHIPPED: dict[str, str] = {"order": "Shipped"}
NEVER_BOTH = ((PAID_BACK, SECOND_PAYS), (PAID_BACK, SECOND_STUCK), (NOT_TAKEN, NO_SECOND))
"""The same piece is paid for once, and the first that asks is heard."""

ENDS: dict[tuple[str, str], tuple[dict[str, str], ...]] = {
    ("returned", "refunds"): ({**PAID_BACK, **SHIPPED}, {**SHIPPED_AFTER_ALL, **SHIPPED}),
    ("kept", "refunds"): ({**PAID_BACK, **SHIPPED}, {**SHIPPED_AFTER_ALL, **SHIPPED}),
    ("withdrawn", "refunds"): ({**SHIPPED_AFTER_ALL, **SHIPPED},),
    ("silent", "refunds"): ({**PAID_BACK, **SHIPPED}, {**SHIPPED_AFTER_ALL, **SHIPPED}),
    ("refused", "refunds"): (
        {f"{AGREEMENT}.r1": "Refused", f"{INTENT}.r1.refund.1": "Absent", **SHIPPED},
        # Read before the shipment it is one with two days to answer: granted three days ago, and nobody paid.
        {f"{AGREEMENT}.r1": "Granted", f"{INTENT}.r1.refund.1": "Stuck", **SHIPPED},
        {**SHIPPED_AFTER_ALL, **SHIPPED},
    ),
    ("greedy", "refunds"): tuple(
        {**first, **second, **THIRD, **SHIPPED}
        for first in (PAID_BACK, SHIPPED_AFTER_ALL, NOT_TAKEN)
        for second in (NO_SECOND, SECOND_CLOSED, SECOND_PAYS, SECOND_STUCK)
        if (first, second) not in NEVER_BOTH
    ),
    ("unpaid", "refunds"): ({"order": "AwaitingPayment"},),
    ("unrated", "refunds"): ({"order": "Succeeded"},),
    ("promised", "refunds"): ({"order": "Paid"},),
    ("unrated", "reviews"): (
        {"review": "Ended", "credit-account.b": "Account", "credit-account.shop": "Account"},
    ),
    ("promised", "customers"): ({"promise.m1": "Ended", "customer-order": "Filed"},),
    ("unpaid", "customers"): ({"unpaid-order": "CloseAsked", "customer-order": "Filed"},),
    ("kept", "customers"): ({"customer-order": "Filed", "unpaid-order": "Ended", "consent.c": "Ledger"},),
}
"""Story and service -> the ends that are allowed."""
ONCE: dict[tuple[str, str], tuple[tuple[str, str], ...]] = {
    ("unrated", "reviews"): (
        ("review", "WindowClosed"), ("review", "ReviewEnded"), ("credit-account.b", "CreditChanged"),
        ("credit-account.shop", "CreditChanged"),
    ),
    ("promised", "customers"): (("promise.m1", "BreachNoticed"), ("promise.m1", "PromiseEnded")),
    ("unpaid", "customers"): (("unpaid-order", "CloseRequested"), ("unpaid-order", "ReminderDue")),
    ("kept", "customers"): (("consent.c", "ConsentGiven"),),
}  # fmt: skip
"""Story and service -> facts that happen exactly once."""
DUE: dict[str, tuple[str, str, str, str]] = {
    "silent": ("refunds", f"{AGREEMENT}.r1", "RefundDue", f"{INTENT}.r1.refund.1"),
    "unrated": ("reviews", "review", "WindowClosed", ""),
    "promised": ("customers", "promise.m1", "BreachNoticed", ""),
    "unpaid": ("customers", "unpaid-order", "CloseRequested", ""),
}
"""Story -> service, case and fact of the deadline that falls due."""
IN_TIME = ("refused", "unrated")
"""Stories in which an answer that is told in time decides the end."""


class Reducer:
    """The stories of a run against the cases of one service. `steps`: number of records of each story."""

    def __init__(
        self, service: str, log: Log, ends: Ends, steps: Mapping[str, int], verdict: Verdict
    ) -> None:
        self._service = service
        self._steps = steps
        self._log = log
        self._verdict = verdict
        self._cases: dict[str, dict[str, End]] = {}
        for (_, kind, case_id), end in ends.items():
            order, _, rest = case_id.partition(".")
            name = f"{kind}.{rest}" if rest else kind
            self._cases.setdefault(order, {})[name] = end

    def check(self, told: Told) -> None:
        """One story: its end, and what happened once."""
        if self._log.steps[told.order] < self._steps[told.story]:
            return  # not all of it reached Kafka: judged by the invariants alone
        written_ms = self._log.written_ms[told.order]
        cases = self._cases.get(told.order, {})
        is_late = told.story in IN_TIME and not is_before(written_ms, told.due_at)
        if not is_late:
            self._check_end(told, cases)
        for name, fact in ONCE.get((told.story, self._service), ()):
            found = cases[name].names[fact] if name in cases else 0
            if found != 1 and not is_late:
                self._blame("I1", told, f"{fact} happened {found} times")
        self._check_deadline(told, cases)
        self._verdict.counts[f"stories judged in {self._service}"] += 1

    def _blame(self, invariant: str, told: Told, text: str) -> None:
        self._verdict.blame(invariant, self._service, f"story {told.story} {told.order}: {text}", told.order)

    def _check_end(self, told: Told, cases: dict[str, End]) -> None:
        allowed = ENDS.get((told.story, self._service))
        if allowed is None:
            return
        names = sorted({name for each in allowed for name in each})
        found = {name: _state_of(cases.get(name)) for name in names}
        absent = dict.fromkeys(names, "Absent")
        fits = [number for number, each in enumerate(allowed) if {**absent, **each} == found]
        if not fits:
            self._blame("I7", told, f"ended as {found}")
            return
        self._verdict.counts[f"story {told.story} in {self._service}, end {fits[0] + 1}"] += 1
        if self._service == "refunds":
            self._check_payments(told, cases)

    def _check_payments(self, told: Told, cases: dict[str, End]) -> None:
        for name, end in cases.items():
            if name.startswith(INTENT):
                wanted = 1 if end.state == "Settled" else 0
                paid = end.names["RefundPaid"]
                if paid != wanted:
                    self._blame("I2", told, f"{name} is {end.state}, RefundPaid {paid} times")

    def _check_deadline(self, told: Told, cases: dict[str, End]) -> None:
        service, name, fact, _ = DUE.get(told.story, ("", "", "", ""))
        if service != self._service or told.due_at is None or name not in cases:
            return
        end = cases[name]
        fired = end.by_deadline[fact]
        if fired > 1 or (fired == 0 and end.state not in ("Closed", "TurnedAway")):
            self._blame("I5", told, f"its deadline led to {fact} {fired} times")
        if fired:
            late_ms = end.recorded_ms[fact] - moment_ms(told.due_at)
            self._verdict.lateness_seconds.append(late_ms / 1_000)


def _state_of(end: End | None) -> str:
    """The state of a case. An intent that is `Stray` was never granted, though its money was told of once."""
    if end is None or (end.state == "Stray" and end.names["StrayPaid"] == 1):
        return "Absent"
    return end.state

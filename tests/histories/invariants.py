"""Invariants over the whole account: at every step, and at the end when all deadlines have passed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta

from tests.histories import money, pictures
from tests.histories.both_or_neither import both, neither, refund_intents
from tests.histories.breach import Breach
from tests.histories.goods import Where
from tests.histories.ledger import Ledger
from tests.histories.matters import WANTS_BACK, Task
from tests.services.flow import Standing

PATIENCE = timedelta(days=3)
"""The longest that a state may stand which only a record excuses, where nothing is decided in one moment."""
EARLY = timedelta(days=14)
NAMES: Mapping[str, str] = {
    "goods_and_money": "the buyer has goods and money both only with a recorded claim or a task",
    "neither": "the buyer has goods, money, or a case that will bring one",
    "paid_over_paid_in": "refunds stay within what was paid in",
    "line_over_price": "refunds of a line stay within its price",
    "tender_over": "refunds through a payment stay within it",
    "line_in_two_cases": "a piece is in one open case",
    "hold_kept": "every hold is let go of",
    "stock_kept": "what is kept for an exchange that is over is let go of",
    "claim_on_found": "a claim for a parcel that is found is withdrawn",
    "case_without_end": "a case ends or waits for somebody with a deadline",
    "task_left_open": "a task that time has answered is withdrawn",
    "application_unanswered": "every application gets an answer",
    "freight_owed_unpaid": "owed return freight is repaid",
    "reversed_money_lost": "money that came back is paid again or given up by a person",
    "paid_not_accepted": "goods that were not accepted are not paid by silence",
    "rating_unanswered": "a rating of an order that succeeded gets an answer",
    "collect_unrefused": "a return that comes at the shop's cost is not taken in",
    "dead_message": "no rule fails",
    **money.NAMES,
    **pictures.NAMES,
}


def at_step(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    """Yields what is broken now."""
    yield from _sums(ledger, at)
    yield from _two_cases(ledger, at)
    yield from both(ledger, at, PATIENCE)
    yield from money.at_step(ledger)


def at_end(ledger: Ledger, at: datetime, cases: Sequence[Standing], dead: Sequence[str]) -> Iterator[Breach]:
    """Yields what is broken after all deadlines."""
    yield from _sums(ledger, at)
    yield from both(ledger, at, timedelta(0))
    yield from neither(ledger, at)
    yield from _holds(ledger, at)
    yield from _stock(ledger, at)
    yield from _claims(ledger, at)
    yield from _cases(ledger, at, cases)
    yield from _tasks(ledger, at)
    yield from _applications(ledger, at)
    yield from _freight(ledger, at)
    yield from _reversed(ledger, at)
    yield from _accepted(ledger, at)
    yield from _ratings(ledger, at)
    yield from _collects(ledger, at)
    yield from money.at_step(ledger)
    yield from money.at_end(ledger, at)
    for text in dead:
        yield Breach("dead_message", text, text, at, "a rule failed")


def _sums(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    intents = refund_intents(ledger)
    total = sum(max(i.net_minor, 0) if i.state == "given_up" else i.minor - i.waived_minor for i in intents)
    if total > ledger.paid_minor:
        yield Breach("paid_over_paid_in", "", "order", at, f"{total} of {ledger.paid_minor}")
    lines: Counter[str] = Counter()
    tenders: Counter[str] = Counter()
    for intent in intents:
        is_paid = intent.state != "given_up" or (intent.waived_lines and intent.net_minor > 0)
        if is_paid and intent.is_split_known:
            lines.update(intent.line_minors)
            lines.subtract(intent.waived_lines)
        if intent.state != "given_up" and not intent.waived_minor:
            tenders.update(intent.tenders)
    for line_id, minor in lines.items():
        if minor > ledger.price(line_id):
            yield Breach("line_over_price", "", line_id, at, f"{minor} of {ledger.price(line_id)}")
    for payment_id, minor in tenders.items():
        if minor > ledger.tenders[payment_id]:
            yield Breach("tender_over", "", payment_id, at, f"{minor} of {ledger.tenders[payment_id]}")


def _two_cases(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    for line_id, count in ledger.m.open_pieces().items():
        if count > ledger.goods.ordered[line_id]:
            kinds = {r.kind.value for r in ledger.m.refunds.values() if r.is_open and r.lines[line_id]}
            is_exchange = any(x.is_open and x.lines[line_id] for x in ledger.m.exchanges.values())
            tag = "refund and exchange" if is_exchange else "+".join(sorted(kinds))
            yield Breach("line_in_two_cases", tag, line_id, at, f"{count} pieces in open cases")


def _holds(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    if ledger.is_over:
        return
    for hold in ledger.m.holds.values():
        refund = ledger.m.refunds.get(hold.refund_id)
        if hold.state not in ("asked", "stopped", "unknown") or refund is None or refund.state == "paid":
            continue
        intents = [i for i in refund_intents(ledger) if i.refund_id == hold.refund_id]
        tasks = {task.case_id for task in ledger.m.open_tasks()}
        if any(i.intent_id in tasks for i in intents) or refund.is_open:
            continue
        yield Breach("hold_kept", refund.state, hold.refund_id, at, f"hold {hold.state}")


def _stock(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    for exchange in ledger.m.exchanges.values():
        is_over = exchange.state == "rejected" or (
            exchange.state == "ended" and exchange.ending != "completed"
        )
        if is_over and ledger.m.reships.get(exchange.reship_id) == "reserved":
            yield Breach(
                "stock_kept", exchange.ending or exchange.state, exchange.exchange_id, at, "reserved"
            )


def _claims(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    for claim in ledger.m.claims.values():
        parcel = ledger.goods.parcels.get(claim.parcel_id)
        if parcel is None or claim.withdrawn_at is not None or parcel.standing not in ("there", "home"):
            continue
        found_at = max(when for when, _, word in parcel.news if word in ("there", "home"))
        found_at = max((when for when, word in parcel.heard if word in ("there", "home")), default=found_at)
        if found_at <= claim.filed_at or (claim.ended_at is not None and claim.ended_at <= found_at):
            continue
        if claim.ended in ("withdrawn", "expired", "rejected"):
            continue
        yield Breach("claim_on_found", parcel.direction.value, claim.parcel_id, at, "claim runs on")


MUST_END = frozenset(
    {
        "refund-agreement", "refund-intent", "exchange", "late-compensation", "lost-parcel", "courier-claim",
        "intercept", "reship", "stock-shortage", "promise", "buyer-claim",
    }
)  # fmt: skip


def _cases(ledger: Ledger, at: datetime, cases: Sequence[Standing]) -> Iterator[Breach]:
    asked = {(task.case_kind, task.case_id) for task in ledger.m.open_tasks()}
    unpaid = {
        name
        for kind, name in asked
        if kind == "refund-intent" and (i := ledger.m.intents.get(name)) and i.net_minor < i.minor
    }
    for case in cases:
        if case.kind not in MUST_END or case.is_ended or case.wake_at is not None or case.state == "Absent":
            continue
        if (case.kind, case.case_id) in asked:
            continue
        if case.kind == "late-compensation" and unpaid:
            continue  # it waits for a payment, about which somebody is asked
        if case.kind == "late-compensation" and money.holds(ledger):
            continue
        yield Breach("case_without_end", f"{case.kind} {case.state}", case.case_id, at, "waits for nobody")


def _tasks(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    for task in ledger.m.open_tasks():
        why = _is_moot(ledger, task)
        if why:
            yield Breach("task_left_open", task.question_code, task.key, at, why)


def _is_moot(ledger: Ledger, task: Task) -> str:
    """Why nobody needs the answer any more; empty where somebody may."""
    m = ledger.m
    match task.question_code:
        case "partial_refund_wanted" | "refund_without_return_wanted":
            state = m.refunds[task.case_id].state if task.case_id in m.refunds else "open"
            return "" if state == "open" else f"the refund is {state}"
        case "payment_stuck" | "payment_still_stuck":
            intent = m.intents.get(task.case_id)
            return "the money moved" if intent and intent.net_minor == intent.minor else ""
        case "lost_parcel_report" | "presume_lost" | "where_is_parcel" | "report_or_memo_missing":
            return "the parcel is there" if _is_there_after_all(ledger, task) else ""
        case "recall_unanswered" | "recall_by_hand" | "parcel_not_back":
            parcel_id = task.case_id.rsplit(".", 1)[0]
            parcel = ledger.goods.parcels.get(parcel_id)
            return "the parcel came to its end" if parcel and parcel.standing in ("there", "home") else ""
        case "reship_late":
            status = m.reships.get(task.case_id, "")
            return f"the resend is {status}" if status in ("sent", "delivered", "cancelled") else ""
        case "replacement_not_delivered" | "answer_exchange":
            state = m.exchanges[task.case_id].state if task.case_id in m.exchanges else ""
            return f"the exchange is {state}" if state in ("ended", "rejected") else ""
        case "order_not_confirmed":
            return "the order succeeded" if ledger.succeeded_at is not None else ""
        case _:
            return ""


def _is_there_after_all(ledger: Ledger, task: Task) -> bool:
    """Whether the parcel was delivered, where nobody doubts the signature itself."""
    parcel, reason = ledger.goods.parcels.get(task.case_id), ledger.m.search_reasons.get(task.case_id)
    if parcel is None or reason is None or parcel.standing != "there":
        return False
    heard = max(at for at, _, word in parcel.news if word == "there")
    return reason != "signed_not_received" or heard > ledger.m.search_from[task.case_id]


def _applications(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    if ledger.paid_at is None or ledger.placed is None:
        return
    for refund in ledger.m.refunds.values():
        if refund.state == "applied" and _is_in_time(ledger, refund.applied_at):
            yield Breach(
                "application_unanswered", "refund", refund.refund_id, at, "neither opened nor rejected"
            )
    for exchange in ledger.m.exchanges.values():
        if exchange.state == "applied" and _is_in_time(ledger, exchange.applied_at):
            yield Breach("application_unanswered", "exchange", exchange.exchange_id, at, "no answer")


def _is_in_time(ledger: Ledger, applied_at: datetime | None) -> bool:
    """Whether an application did not wait too long for the payment."""
    return applied_at is not None and ledger.paid_at is not None and ledger.paid_at - applied_at < EARLY


def _freight(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    """Money that the buyer laid out where the shop bears it, once the shop has the goods and keeps them."""
    m = ledger.m
    tasks = {task.case_id for task in ledger.m.tasks.values() if task.question_code == "payment_over_account"}
    for case_id, laid_out in m.laid_out.items():
        refund, exchange = m.refunds.get(case_id), m.exchanges.get(case_id)
        if m.is_without_fault(case_id, at) or tasks or laid_out == 0:
            continue
        if refund is not None:
            is_owed = refund.seller_bears and refund.state in ("asked", "paid") and refund.was_returned
            is_owed &= refund.amended_reason in ("", refund.freight_reason)
            tag = f"{refund.kind.value} paid"
        elif exchange is not None:
            is_owed = exchange.seller_bears and exchange.ending in ("completed", "breached")
            tag = f"exchange {exchange.ending}"
        else:
            continue
        paid = any(i.purpose == "freight" and m.case_of(i) == case_id for i in m.intents.values())
        if is_owed and not paid:
            yield Breach("freight_owed_unpaid", tag, case_id, at, f"{laid_out} laid out")


def _reversed(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    tasks = {task.case_id for task in ledger.m.open_tasks()}
    for intent in ledger.m.intents.values():
        if not intent.back_minor or intent.intent_id in tasks:
            continue
        is_waiting = f"payment:{intent.intent_id}" in ledger.m.asked
        lacking = intent.minor - intent.net_minor - intent.given_up_minor
        if lacking > 0 and not is_waiting:
            yield Breach(
                "reversed_money_lost", "", intent.intent_id, at, f"{lacking} of {intent.minor} lacking"
            )


def _accepted(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    """Goods that are checked after the time for it are consented to, though the money may wait."""
    for intent in refund_intents(ledger):
        refund = ledger.m.refunds.get(intent.refund_id or "")
        if refund is None or intent.kind not in WANTS_BACK or refund.was_accepted or refund.is_ours:
            continue
        for line_id, count in intent.lines.items():
            unfit = [
                piece
                for piece in ledger.goods.pieces
                if piece.line_id == line_id
                and piece.is_refused
                and piece.where is Where.SHOP
                and piece.moved_at is not None
                and piece.moved_at <= intent.asked_at
                and (refund.agreed_at is None or piece.moved_at > refund.agreed_at)
                and (refund.silent_at is None or piece.moved_at < refund.silent_at)
            ]
            fit = ledger.goods.ordered[line_id] - len(unfit)
            if unfit and count > fit:
                yield Breach("paid_not_accepted", "", refund.refund_id, at, f"{count} paid, {fit} fit")


def _ratings(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    if ledger.succeeded_at is None:
        return
    for review_id, rating in ledger.m.ratings.items():
        if not rating.decisions and ledger.succeeded_at - rating.at < EARLY:
            yield Breach("rating_unanswered", rating.rater, review_id, at, "nobody says whether it counts")


def _collects(ledger: Ledger, at: datetime) -> Iterator[Breach]:
    for collect in ledger.m.collects:
        if collect.is_expected and not collect.is_refused:
            box = ledger.goods.parcels.get(collect.box_id)
            tag = "not announced" if box is None else "announced"
            yield Breach("collect_unrefused", tag, collect.box_id, at, "the warehouse is not told")

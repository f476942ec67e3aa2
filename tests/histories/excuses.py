"""Finds the order lines that a task is about, as far as the outcome says, and whether it excuses them."""

from collections.abc import Iterable, Iterator
from typing import Any

from tests.histories.ledger import Ledger
from tests.histories.matters import Task

_OTHER_MATTERS = frozenset(
    {
        "refused_after_silence", "refusal_without_evidence", "agreed_against_promise", "payment_over_account",
        "order_not_confirmed", "compensated_but_in_time", "note_differs", "note_names_other_variant",
        "waybill_of_two_orders", "payment_in_another_currency", "partial_refund_wanted",
        "refund_without_return_wanted", "hold_unanswered", "agreed_carrier", "repay_courier",
    }
)  # fmt: skip
"""Questions that say nothing about who has which goods."""
_NO_GOODS = frozenset({"late-compensation", "promise", "unpaid-order", "review", "review-followup"})
_ON_THE_WAY = frozenset({"reship", "intercept", "parcel", "dispatch", "lost-parcel"})
_EITHER_WAY = frozenset(
    {"goods_back_without_refund", "refund_for_exchange_after_success", "remedy_without_open_order"}
)
"""Questions about goods at the shop: one answer pays for them, the other sends them to the buyer."""
_NOTHING = frozenset({"refused", "rejected", "write_off", "nothing"})
"""Answers by which a person says that the buyer gets no more."""


def lines_of(ledger: Ledger, task: Task) -> frozenset[str]:
    """The lines of what a task names: a refund, exchange, parcel, resend or payment; else all."""
    m, case_id = ledger.m, task.case_id
    if task.case_kind in _NO_GOODS:
        return frozenset()
    named: Iterable[str] | None = None
    match task.case_kind:
        case "refund-agreement" if case_id in m.refunds:
            named = m.refunds[case_id].lines
        case "exchange" if case_id in m.exchanges:
            named = m.exchanges[case_id].lines
        case "refund-intent" if case_id in m.intents:
            named = m.intents[case_id].lines
        case "reship" if case_id in m.reship_lines:
            named = m.reship_lines[case_id]
        case "courier-claim" if case_id in m.claims:
            named = _of_parcel(ledger, m.claims[case_id].parcel_id)
        case "stock-shortage":
            named = m.short_lines
        case "buyer-claim" if case_id in m.buyer_claims:
            named = m.buyer_claims[case_id].lines
        case _ if task.question_code == "return_lost":
            named = _of_parcel(ledger, task.task_id)
        case "order" | "dispatch":
            named = next(_named_in(ledger, task.task_id), None)
        case _:
            named = _of_parcel(ledger, case_id)
    return frozenset(ledger.goods.ordered) if named is None else frozenset(named)


def _of_parcel(ledger: Ledger, name: str) -> Iterable[str] | None:
    """The lines of a parcel by its id, its waybill or its return; what hangs on it begins with its id."""
    for parcel in ledger.goods.parcels.values():
        names = {parcel.parcel_id, *parcel.return_ids}
        waybill = f"{parcel.carrier_code}/{parcel.tracking_code}"
        if name in names or name.startswith(f"{parcel.parcel_id}.") or waybill in name:
            return parcel.lines
    return None


def _named_in(ledger: Ledger, task_id: str) -> Iterator[Iterable[str]]:
    """The lines of what the id of a task names, as `o1.back-k1`, `o1.remedy-k1.loss` or `r1.hold`."""
    words = task_id.removeprefix("" if ledger.placed is None else f"{ledger.placed.order_id}.")
    for mark in ("remedy-", "back-"):
        words = words.removeprefix(mark)
    for remedy_id, lines in ledger.m.remedies.items():
        if words == remedy_id and any(lines.values()):
            yield lines
    for refund_id, refund in ledger.m.refunds.items():
        if words.split(".")[0] == refund_id:
            yield refund.lines
    found = _of_parcel(ledger, words)
    if found is not None:
        yield found


def is_about_goods(task: Task) -> bool:
    """Whether the answer may move goods or money; attention to what is on the way does not."""
    if task.question_code in _OTHER_MATTERS:
        return False
    return task.kind_code != "attention" or task.case_kind not in _ON_THE_WAY


def asked_about(ledger: Ledger, line_id: str) -> list[Task]:
    """Open tasks whose answer may give or take goods or money of a line."""
    return [
        task for task in ledger.m.open_tasks() if is_about_goods(task) and line_id in lines_of(ledger, task)
    ]


def is_told_of_both(ledger: Ledger, line_id: str, count: int) -> bool:
    """Whether recorded claims or an open reconciliation say that the buyer has so many pieces too many."""
    claimed = sum(claim.lines[line_id] for claim in ledger.m.buyer_claims.values() if claim.ended != "void")
    if claimed >= count:
        return True
    return any(task.kind_code == "reconciliation" for task in asked_about(ledger, line_id))


def is_decided(ledger: Ledger, line_id: str) -> bool:
    """Whether a person decided on goods that the buyer has twice, without money: recovered or written off."""
    return any(
        task.question_code == "recover_or_write_off" and task.answer and line_id in lines_of(ledger, task)
        for task in ledger.m.tasks.values()
    )


def is_denied(ledger: Ledger, line_id: str) -> bool:
    """Whether a person said that the buyer gets no more of a line, or judged the loss of what he sent."""
    judged = [task for task in ledger.m.tasks.values() if task.question_code == "return_lost" and task.answer]
    if any(line_id in lines_of(ledger, task) for task in judged):
        return True
    return any(
        task.answer in _NOTHING and is_about_goods(task) and line_id in (task.lost or lines_of(ledger, task))
        for task in ledger.m.tasks.values()
        if task.kind_code in ("approval", "reconciliation")
        and (task.lost or task.question_code not in _EITHER_WAY)
    )


def answered(ledger: Ledger, line_id: str) -> str:
    """The last question about the goods of a line that a person answered; nothing came of it."""
    done: list[Any] = [
        (task.answered_at, task.question_code)
        for task in ledger.m.tasks.values()
        if task.answered_at is not None
        and task.kind_code == "reconciliation"
        and is_about_goods(task)
        and line_id in lines_of(ledger, task)
    ]
    return str(max(done)[1]) if done else ""

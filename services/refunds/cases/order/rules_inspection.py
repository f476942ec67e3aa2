"""Decides what was found in a parcel of the buyer: every case hears of its own pieces, and none is lost."""

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from kernel.decider import HERE, Addressed
from kernel.rules import rule
from kernel.value import replace
from services.refunds.cases.exchange import messages as exchange
from services.refunds.cases.order import account_goods
from services.refunds.cases.order.account import OpenCase, OrderAccount
from services.refunds.cases.order.facts import Fact, ReturnCame
from services.refunds.cases.order.messages import GoodsInspected
from services.refunds.cases.order.rules_goods import asked, at_shop, shared_out, told_to
from services.refunds.cases.order.state import State, evolve, live
from services.refunds.cases.refund_agreement import messages as agreement
from services.refunds.goods import (
    Back,
    Returning,
    counts_of,
    inside,
    more_of,
    pieces_of,
    received,
    together,
    without,
)
from services.refunds.policy import Policy
from services.refunds.shares import InspectedLine, Share


@rule("RF-039", "RF-116")
def goods_inspected(state: State, inspected: GoodsInspected, policy: Policy, now: datetime) -> Sequence[Fact]:
    """Tells every case what was found of its own pieces. One parcel may hold those of several.

    A parcel of a case that is over is that case's, however often it is looked at.
    """
    book = live(state).book
    rest = {line.line_id: line for line in inspected.lines}
    came: dict[str, list[InspectedLine]] = {}
    told: list[Addressed] = []
    for goods in _over(book, inspected):
        own = _own_lines(rest, more_of(goods.sent, goods.here), list(rest))
        came[goods.case_id] = list(own)
        told += _told_unfit(book, own, inspected.wanted_sku_id)
        rest = _not_all_of(rest, own)
    cases = _inspected_cases(book, inspected)
    for number, (place, case) in enumerate(cases):
        sharing = [] if place == _NAMED else _sharing(book, cases[number + 1 :])
        shares = case.shares if place == _NAMED else _looked_for(book, case, sharing)
        lines = _own_lines(rest, shares, sharing)
        if not lines:
            continue
        told.append(_told_checked(case, lines, inspected.wanted_sku_id))
        came.setdefault(case.case_id, []).extend(lines)
    for goods in sorted(book.returns, key=lambda goods: not without(goods.sent, goods.here)):
        lines = _own_lines(rest, goods.unchecked, ())
        came.setdefault(goods.case_id, []).extend(lines)
    facts: list[Fact] = []
    freed: list[Share] = []
    for case_id in sorted(came, key=lambda case_id: book.case(case_id) is None):
        if not came[case_id]:
            continue
        book = live(reduce(evolve, facts, state)).book
        fact = _found(book, case_id, came[case_id], inspected)
        fact, onward = shared_out(book, fact) if book.case(case_id) is None else (fact, [])
        told += onward
        facts.append(fact)
        freed += fact.freed
    facts += asked(book, "goods_back_without_refund", pieces_of(counts_of(freed)), policy, now)
    return [*told_to(told), *facts]


def _not_all_of(rest: dict[str, InspectedLine], taken: Sequence[InspectedLine]) -> dict[str, InspectedLine]:
    """Leaves out lines of which all that was found is taken: they say nothing to others."""
    line_ids = {line.line_id for line in taken}
    return {x: line for x, line in rest.items() if line.received_count or x not in line_ids}


def _found(
    book: OrderAccount, case_id: str, lines: Sequence[InspectedLine], inspected: GoodsInspected
) -> ReturnCame:
    known = account_goods.returning(book, case_id) or Returning(case_id, (), ())
    unfit = {line.line_id for line in lines if line.accepted_count < line.received_count}
    parcel_id, pieces = inspected.parcel_id, received(lines)
    return_id = inspected.return_id or known.codes.get(parcel_id, "")
    if known.has_box(parcel_id):
        here = known.with_found(parcel_id, pieces)
    elif return_id in known.seen and len(known.return_ids) > 1:
        here = more_of(known.here, pieces)
    else:
        here = together(known.here, pieces)
    return replace(
        at_shop(book, known, here) or ReturnCame(case_id, known.here),
        seen=return_id if return_id in known.return_ids else "",
        are_fit={x.line_id: x.line_id not in unfit for x in lines},
        box=Back(parcel_id, pieces) if parcel_id else None,
    )


def _over(book: OrderAccount, inspected: GoodsInspected) -> list[Returning]:
    """Finds the returns of cases that are over whose parcel this is, by its name or from an earlier look."""
    return [
        goods
        for goods in book.returns
        if book.case(goods.case_id) is None
        and (
            goods.was_in(inspected.parcel_id)
            if inspected.return_id is None
            else inspected.return_id in (goods.case_id, *goods.return_ids)
        )
    ]


def _told_unfit(
    book: OrderAccount, lines: Sequence[InspectedLine], wanted_sku_id: str | None
) -> list[Addressed]:
    """Tells the cases that have goods of another return now that some were not accepted."""
    unfit = tuple(line for line in lines if line.accepted_count < line.received_count)
    cases = (case for case in book.open if case.kind is not None and inside(case.back, received(unfit)))
    return [_told_checked(case, unfit, wanted_sku_id) for case in cases] if unfit else []


def _sharing(book: OrderAccount, after: Sequence[tuple[int, OpenCase]]) -> list[str]:
    """Lists the lines of which the next cases, or those that are over, may have goods in the parcel."""
    lines = [share.line_id for place, other in after if place <= _SENT for share in other.shares]
    over = [goods for goods in book.returns if book.case(goods.case_id) is None]
    return lines + [share.line_id for goods in over for share in goods.unchecked]


def _looked_for(book: OrderAccount, case: OpenCase, sharing: Sequence[str]) -> tuple[Share, ...]:
    """Lists the pieces that a case waits for; of lines that others may share, those that were sent for it."""
    shares = _not_of_others(book, case)
    goods = account_goods.returning(book, case.case_id)
    if goods is None or not goods.unchecked:
        return shares
    sent = counts_of(goods.unchecked)
    return tuple(
        replace(share, quantity_count=sent[share.line_id]) if share.line_id in sharing else share
        for share in shares
        if share.line_id not in sharing or share.line_id in sent
    )


def _not_of_others(book: OrderAccount, case: OpenCase) -> tuple[Share, ...]:
    """Leaves out lines of which nothing is under way for the case, but something for one that is over."""
    goods = account_goods.returning(book, case.case_id)
    if goods is not None and not goods.sent:
        return case.shares
    coming = counts_of(goods.unchecked) if goods is not None else {}
    over = [one for one in book.returns if book.case(one.case_id) is None]
    elsewhere = counts_of(share for one in over for share in one.unchecked)
    return tuple(s for s in case.shares if s.line_id in coming or s.line_id not in elsewhere)


_NAMED, _SENT, _WANTED, _CHECKED = range(4)


def _inspected_cases(book: OrderAccount, inspected: GoodsInspected) -> list[tuple[int, OpenCase]]:
    """Orders the cases that returned goods can be for: the named one, who sent, who is to send, the rest."""
    found: list[tuple[int, OpenCase]] = []
    for case in book.open:
        goods = account_goods.returning(book, case.case_id)
        if inspected.return_id is None:
            is_named = goods is not None and goods.was_in(inspected.parcel_id)
        else:
            is_named = inspected.return_id in (case.case_id, *(goods.return_ids if goods else ()))
        if is_named:
            found.append((_NAMED, case))
        elif goods is not None:
            found.append((_SENT if goods.unchecked or not goods.sent else _CHECKED, case))
        elif case.kind is None or case.kind.wants_goods_back:
            found.append((_WANTED, case))
    return sorted(found, key=lambda entry: entry[0])


def _own_lines(
    rest: dict[str, InspectedLine], shares: Sequence[Share], sharing: Sequence[str]
) -> tuple[InspectedLine, ...]:
    """Takes the findings on these pieces out of the rest: all of a line that no other case shares."""
    own: list[InspectedLine] = []
    for share in shares:
        line = rest.pop(share.line_id, None)
        if line is None:
            continue
        if share.line_id not in sharing:
            own.append(line)
            continue
        count = min(line.received_count, share.quantity_count)
        fit = min(line.accepted_count, count)
        own.append(replace(line, received_count=count, accepted_count=fit))
        others = line.received_count - count, line.accepted_count - fit
        rest[share.line_id] = replace(line, received_count=others[0], accepted_count=others[1])
    return tuple(own)


def _told_checked(case: OpenCase, lines: tuple[InspectedLine, ...], wanted_sku_id: str | None) -> Addressed:
    if case.kind is None:
        return exchange.to(HERE, case.case_id, exchange.GoodsChecked(lines, wanted_sku_id))
    return agreement.to(HERE, case.case_id, agreement.GoodsChecked(lines))

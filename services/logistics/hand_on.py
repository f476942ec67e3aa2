"""What the order's file, its parcels and shortages tell other cases; searches and resends: hand_on_losses."""

from collections.abc import Mapping
from typing import Any

from chassis.service import Reaction
from kernel.decider import Addressed, CaseView
from services.logistics.cases import dispatch_facts as f
from services.logistics.cases import dispatch_messages as m
from services.logistics.cases import intercept as iw
from services.logistics.cases import lost_parcel_words as lost
from services.logistics.cases import parcel_words as pw
from services.logistics.cases import reship_words as rw
from services.logistics.cases import stock_shortage as sw
from services.logistics.cases.dispatch_states import Known
from services.logistics.cases.order_file import Link, OrderFile, pieces
from services.logistics.cases.track import outcome_of, status_of
from services.logistics.cases.values import (
    ParcelNews,
    RefundNews,
    Tracking,
    derived_id,
    overlaps,
    parcel_case_id,
)
from services.logistics.translate import (
    INTERCEPT,
    LOST,
    PARCEL,
    RECALLS,
    RESHIP,
    SHORTAGE,
    to_dispatch,
)

Handed = list[Addressed]


def _file(view: CaseView[Any]) -> OrderFile:
    if not isinstance(view.state, Known):
        raise TypeError(f"{type(view.state).__name__} holds no file")
    return view.state.file


def _to_parcel(tracking: Tracking, message: object) -> Handed:
    return [Addressed(tracking.subject, PARCEL, parcel_case_id(tracking), message)]


# From dispatch.


def _departed(fact: f.DepartureNoted, view: CaseView[Any]) -> Handed:
    link = fact.link
    left = pw.Left(link.parcel_id, link.left_at or view.at)
    handed = _to_parcel(link.tracking, left)
    if link.reship_id is not None:
        handed.append(Addressed(view.subject, RESHIP, link.reship_id, rw.ParcelLeft(link.parcel_id)))
    return handed + _shortage_ends(link, view)


def _link_changed(fact: f.LinkChanged, view: CaseView[Any]) -> Handed:
    return _shortage_ends(fact.link, view) if fact.link.sent_at is not None else []


def _shortage_ends(link: Link, view: CaseView[Any]) -> Handed:
    file = _file(view)
    if not file.has_shortage:
        return []
    return [Addressed(view.subject, SHORTAGE, view.subject, sw.GoodsLeft(pieces(file, link.lines)))]


def _voided(fact: f.VoidNoted, view: CaseView[Any]) -> Handed:
    return _to_parcel(fact.link.tracking, pw.Voided(fact.link.parcel_id))


def _checked(fact: f.ReturnChecked, view: CaseView[Any]) -> Handed:
    handed: Handed = []
    if fact.link is not None:
        handed += _to_parcel(fact.link.tracking, pw.Inspected(fact.link.parcel_id))
    if fact.wanted_sku_id is not None:
        note = rw.NoteSeen(fact.wanted_sku_id)
        handed += [Addressed(view.subject, RESHIP, reship_id, note) for reship_id in fact.reship_ids]
    return handed


def _news(fact: f.ParcelNewsNoted, view: CaseView[Any]) -> Handed:
    link = fact.link
    news = ParcelNews(link.parcel_id, link.status, link.status_at, link.outcome, link.is_stalled)
    handed: Handed = []
    if link.was_sought:
        handed.append(Addressed(view.subject, LOST, link.parcel_id, news))
    if link.was_sought or link.is_called_back:
        handed += [
            Addressed(view.subject, INTERCEPT, derived_id(link.parcel_id, recall), news) for recall in RECALLS
        ]
    if link.reship_id is not None:
        handed.append(Addressed(view.subject, RESHIP, link.reship_id, news))
    return handed


def _call_back(fact: f.CallBackDue, view: CaseView[Any]) -> Handed:
    file, link = _file(view), fact.link
    request_id = derived_id(link.parcel_id, RECALLS[0])
    recall = iw.Recall(
        request_id=request_id,
        order_id=view.subject,
        customer_id=file.customer_id,
        parcel_id=link.parcel_id,
        tracking=link.tracking,
        reason_code=fact.reason_code,
        is_buyer_asked=fact.is_buyer_asked,
    )
    return [Addressed(view.subject, INTERCEPT, request_id, iw.RecallWanted(recall))]


def _search(fact: f.SearchDue, view: CaseView[Any]) -> Handed:
    file, link = _file(view), fact.link
    skus = {line.line_id: line.sku_id for line in file.lines}
    lines = tuple(share for share in pieces(file, link.lines) if share.line_id in skus)
    subject = lost.Subject(
        order_id=view.subject,
        customer_id=file.customer_id,
        parcel_id=link.parcel_id,
        tracking=link.tracking,
        direction=link.direction,
        lines=lines,
        sku_ids=tuple(skus[share.line_id] for share in lines),
        region_code=file.region_code,
        value=link.value,
        round_count=1,
        refund_ids=tuple(sorted(fact.refund_ids)),
    )
    missing = lost.Missing(subject, fact.reason_code, link.status, link.signed_by, fact.can_wait)
    return [Addressed(view.subject, LOST, link.parcel_id, missing)]


def _refund_noted(fact: f.RefundNoted, view: CaseView[Any]) -> Handed:
    news = RefundNews(fact.refund.refund_id, is_open=True, is_paid=False)
    return [
        Addressed(view.subject, LOST, link.parcel_id, news)
        for link in _file(view).links
        if link.was_sought and overlaps(link.lines, fact.refund.lines)
    ]


def _refund_ended(fact: f.RefundEnded, view: CaseView[Any]) -> Handed:
    return [
        Addressed(
            view.subject,
            LOST,
            link.parcel_id,
            RefundNews(refund.refund_id, is_open=False, is_paid=fact.is_paid),
        )
        for refund in fact.refunds
        for link in _file(view).links
        if link.was_sought and overlaps(link.lines, refund.lines)
    ]


def _promise(fact: f.ShortageKnown, view: CaseView[Any]) -> Handed:
    file = _file(view)
    ids = {share.line_id for share in fact.lines}
    products = tuple(dict.fromkeys(line.product_id for line in file.lines if line.line_id in ids))
    found = sw.ShortageFound(view.subject, fact.lines, products, fact.expected_at)
    return [Addressed(view.subject, SHORTAGE, view.subject, found)]


def _resend_parcel(fact: f.ReshipParcelKnown, view: CaseView[Any]) -> Handed:
    known = rw.ParcelKnown(fact.link.parcel_id)
    return [Addressed(view.subject, RESHIP, fact.reship_id, known)]


def _reship_answer(fact: f.ReshipAnswerPassedOn, view: CaseView[Any]) -> Handed:
    answer = fact.answer
    said = rw.Answered(answer.request_id, answer.outcome, answer.until_at)
    return [Addressed(view.subject, RESHIP, fact.reship_id, said)]


def _resend_unwanted(fact: f.ResendUnwanted, view: CaseView[Any]) -> Handed:
    return [Addressed(view.subject, RESHIP, fact.reship_id, rw.Unwanted())]


def _resend_gone(fact: f.ResendGone, view: CaseView[Any]) -> Handed:
    return [Addressed(view.subject, LOST, fact.parcel_id, lost.ResendLeft())]


def _collect_answer(fact: f.CollectAnswerPassedOn, view: CaseView[Any]) -> Handed:
    return _to_parcel(fact.link.tracking, pw.CollectAnswered(fact.link.parcel_id, fact.is_done))


def _memo(fact: f.MemoPassedOn, view: CaseView[Any]) -> Handed:
    return [Addressed(view.subject, LOST, parcel_id, fact.memo) for parcel_id in fact.parcel_ids]


def _decline(fact: f.DeclinePassedOn, view: CaseView[Any]) -> Handed:
    return [Addressed(view.subject, LOST, parcel_id, fact.declined) for parcel_id in fact.parcel_ids]


FROM_DISPATCH: Mapping[type, Reaction] = {
    f.DepartureNoted: _departed,
    f.LinkChanged: _link_changed,
    f.VoidNoted: _voided,
    f.ReturnChecked: _checked,
    f.ParcelNewsNoted: _news,
    f.CallBackDue: _call_back,
    f.SearchDue: _search,
    f.RefundNoted: _refund_noted,
    f.RefundEnded: _refund_ended,
    f.ShortageKnown: _promise,
    f.ReshipParcelKnown: _resend_parcel,
    f.ReshipAnswerPassedOn: _reship_answer,
    f.ResendUnwanted: _resend_unwanted,
    f.ResendGone: _resend_gone,
    f.CollectAnswerPassedOn: _collect_answer,
    f.MemoPassedOn: _memo,
    f.DeclinePassedOn: _decline,
}


# From parcels, to the order that they belong to.


def _moved(view: CaseView[Any]) -> Handed:
    state = view.state
    if not isinstance(state, pw.Known) or state.track.identity is None:
        return []
    track, identity = state.track, state.track.identity
    end = outcome_of(track)
    picture = track.end or track.motion
    seen_at = max((scan.at for scan in (track.motion, track.end) if scan), default=view.at)
    moved = m.ParcelMoved(
        parcel_id=identity.parcel_id,
        status=status_of(track),
        at=seen_at,
        signed_by=picture.signed_by if picture else None,
        outcome=end.outcome if end else None,
    )
    return to_dispatch(identity.order_id, moved)


def _status(fact: pw.StatusChanged, view: CaseView[Any]) -> Handed:
    """An end is told by its outcome, which follows at once."""
    state = view.state
    end = outcome_of(state.track) if isinstance(state, pw.Known) else None
    told = state.track.decided.outcome if isinstance(state, pw.Known) and state.track.decided else None
    return [] if end is not None and end.outcome is not told else _moved(view)


def _ended(fact: pw.OutcomeDecided, view: CaseView[Any]) -> Handed:
    return _moved(view)


def _picked_up(fact: pw.PickupKnown, view: CaseView[Any]) -> Handed:
    state = view.state
    if not isinstance(state, pw.Known) or state.track.identity is None:
        return []
    identity = state.track.identity
    return to_dispatch(identity.order_id, m.PickedUp(identity.parcel_id, fact.at))


def _stall(fact: pw.StallOpened | pw.StallCleared, view: CaseView[Any]) -> Handed:
    state = view.state
    if not isinstance(state, pw.Known) or state.track.identity is None:
        return []
    identity = state.track.identity
    stalled = m.ParcelStalled(identity.parcel_id, isinstance(fact, pw.StallOpened))
    return to_dispatch(identity.order_id, stalled)


FROM_PARCEL: Mapping[type, Reaction] = {
    pw.StatusChanged: _status,
    pw.OutcomeDecided: _ended,
    pw.PickupKnown: _picked_up,
    pw.StallOpened: _stall,
    pw.StallCleared: _stall,
}


# From shortages.


def _later_date(fact: sw.LaterDateTaken, view: CaseView[Any]) -> Handed:
    return to_dispatch(view.subject, m.LaterDateAgreed(fact.until_at))


FROM_SHORTAGE: Mapping[type, Reaction] = {sw.LaterDateTaken: _later_date}

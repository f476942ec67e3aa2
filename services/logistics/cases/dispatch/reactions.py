"""Tells the order's other cases of facts that mean something to the order's file as well."""

from collections.abc import Iterable, Mapping, Sequence

from chassis.service import Reaction
from kernel.decider import Addressed, CaseView
from services.logistics.cases.dispatch import facts as f
from services.logistics.cases.dispatch.state import Absent, State
from services.logistics.cases.intercept import messages as intercept
from services.logistics.cases.lost_parcel import messages as lost_parcel
from services.logistics.cases.parcel import messages as parcel
from services.logistics.cases.reship import messages as reship
from services.logistics.cases.stock_shortage import messages as shortage
from services.logistics.commitments import marked_at, open_refunds, pieces, repaid_in, value_of
from services.logistics.news import ParcelNews
from services.logistics.order_file import Link, OpenRefund, OrderFile, Resend
from services.logistics.parcels import Direction, Outcome
from services.logistics.shares import overlaps
from services.logistics.track import Identity


def _file(view: CaseView[State]) -> OrderFile:
    if isinstance(view.state, Absent):
        raise TypeError("nothing is known of the order")
    return view.state.file


# Parcels.


def _departed(fact: f.DepartureNoted, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the parcel, the reship that it carries out, and the shortage that it ends."""
    link = fact.link
    region_code = _file(view).region_code if link.direction.is_to_buyer else None
    left = parcel.Left(link.parcel_id, link.left_at or view.at, region_code, view.subject)
    told = [parcel.to(link.tracking, left)]
    if link.reship_id is not None:
        told.append(reship.to(view.subject, link.reship_id, reship.ParcelLeft(link.parcel_id)))
    return [*told, *_goods_left(link, view)]


def _link_changed(fact: f.LinkChanged, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the shortage, where a scan proves that goods left; a new parcel that it is marked already."""
    if fact.link.sent_at is not None:
        return _goods_left(fact.link, view)
    return _shown(_file(view), [fact.link])


def _marked(_fact: f.MarkNoted, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the parcels that they are marked as shipped."""
    file = _file(view)
    return _shown(file, file.outbound())


def _shown(file: OrderFile, links: Iterable[Link]) -> Sequence[Addressed]:
    return [
        parcel.to(link.tracking, parcel.ShipMarked(link.parcel_id, at, file.region_code, file.order_id))
        for link in links
        if (at := marked_at(file, link)) is not None
    ]


def _goods_left(link: Link, view: CaseView[State]) -> Sequence[Addressed]:
    file = _file(view)
    if not file.has_shortage:
        return []
    return [shortage.to(view.subject, shortage.GoodsLeft(pieces(file, link.lines)))]


def _voided(fact: f.VoidNoted, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the parcel that its waybill is void, and the reship that the parcel does not carry it."""
    link = fact.link
    told = [parcel.to(link.tracking, parcel.Voided(link.parcel_id, view.subject))]
    if link.reship_id is not None:
        told.append(reship.to(view.subject, link.reship_id, reship.WaybillVoided(link.parcel_id)))
    return told


def _renumbered(fact: f.LinkRenumbered, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells both numbers, the search and the call-back under the wrong one, and the reship."""
    wrong, right, file = fact.wrong, fact.right, _file(view)
    told: list[Addressed] = []
    if not wrong.is_numberless:
        own = None if right.is_numberless else right.tracking
        misnumbered = parcel.Misnumbered(wrong.parcel_id, view.subject, own)
        told.append(parcel.to(wrong.tracking, misnumbered))
    if wrong.was_sought or wrong.is_called_back:
        request_ids = intercept.recall_ids(wrong.parcel_id, wrong.number_count)
        told += [
            intercept.to(view.subject, request_id, intercept.NumberWrong()) for request_id in request_ids
        ]
    if wrong.was_sought:
        tracking = None if right.is_numberless else right.tracking
        renumbered = lost_parcel.NumberCorrected(
            right.parcel_id, tracking, right.number_count, fact.is_reported
        )
        told.append(lost_parcel.to(view.subject, wrong.searched_as, renumbered))
    if right.reship_id is not None and wrong.parcel_id != right.parcel_id:
        told.append(reship.to(view.subject, right.reship_id, reship.ParcelReplaced(right.parcel_id)))
    return told if right.is_numberless else [*told, *_watched(right, view), *_shown(file, [right])]


def _watched(link: Link, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells a parcel its order, and that it left already."""
    identity = Identity(view.shop_id, view.subject, link.parcel_id, link.direction, link.lines)
    known = parcel.RegisteredAs(link.tracking, identity, is_collect=False, is_corrected=True)
    told = [parcel.to(link.tracking, known)]
    if link.left_at is not None:
        region_code = _file(view).region_code if link.direction.is_to_buyer else None
        told.append(
            parcel.to(link.tracking, parcel.Left(link.parcel_id, link.left_at, region_code, view.subject))
        )
    return told


def _gate_return(fact: f.GateReturnKnown, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the parcel its order, as a registration does."""
    link = fact.link
    identity = Identity(view.shop_id, view.subject, link.parcel_id, link.direction, link.lines)
    return [parcel.to(link.tracking, parcel.RegisteredAs(link.tracking, identity, is_collect=True))]


def _news(fact: f.ParcelNewsNoted, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the cases that look for the parcel, call it back or wait for it."""
    link = fact.link
    news = ParcelNews(link.parcel_id, link.status, link.status_at, link.outcome, link.is_stalled)
    told: list[Addressed] = []
    if link.was_sought:
        told.append(lost_parcel.to(view.subject, link.searched_as, news))
    if link.was_sought or link.is_called_back:
        request_ids = intercept.recall_ids(link.parcel_id, link.number_count)
        told += [intercept.to(view.subject, request_id, news) for request_id in request_ids]
    if link.reship_id is not None:
        told.append(reship.to(view.subject, link.reship_id, news))
    return told


def _call_back(fact: f.CallBackDue, view: CaseView[State]) -> Sequence[Addressed]:
    """Lets the carrier call the parcel back."""
    link = fact.link
    request_id = intercept.recall_id(link.parcel_id, link.number_count)
    recall = intercept.Recall(
        request_id=request_id,
        order_id=view.subject,
        customer_id=_file(view).customer_id,
        parcel_id=link.parcel_id,
        tracking=link.tracking,
        reason_code=fact.reason_code,
        is_buyer_asked=fact.is_buyer_asked,
    )
    return [intercept.to(view.subject, request_id, intercept.RecallWanted(recall))]


def _search(fact: f.SearchDue, view: CaseView[State]) -> Sequence[Addressed]:
    """Lets the parcel be looked for."""
    file, link = _file(view), fact.link
    skus = {line.line_id: line.sku_id for line in file.lines}
    lines = tuple(share for share in pieces(file, link.lines) if share.line_id in skus)
    subject = lost_parcel.Subject(
        order_id=view.subject,
        customer_id=file.customer_id,
        parcel_id=link.searched_as,
        tracking=link.tracking,
        direction=link.direction,
        lines=lines,
        sku_ids=tuple(skus[share.line_id] for share in lines),
        region_code=file.region_code,
        value=link.value,
        round_count=1,
        refund_ids=tuple(sorted(fact.refund_ids)),
        is_signed=link.outcome is Outcome.DELIVERED,
        pending=_pending(file, link),
        repaid=repaid_in(file, link) if lines else (),
        registered_id=link.parcel_id if link.search_id else "",
        number_count=link.number_count,
        minors=tuple(value.minor if (value := value_of(file, [share])) else 0 for share in lines),
    )
    missing = lost_parcel.Missing(subject, fact.reason_code, link.status, link.signed_by, fact.can_wait)
    return [lost_parcel.to(view.subject, link.searched_as, missing)]


def _pending(file: OrderFile, link: Link) -> tuple[lost_parcel.Pending, ...]:
    """Lists the open refunds and exchanges about goods of the parcel."""
    refunds = [lost_parcel.Pending(r.refund_id, r.lines) for r in open_refunds(file, link.lines)]
    exchanges = [
        lost_parcel.Pending(resend.exchange_id, resend.lines, is_exchange=True)
        for resend in file.resends
        if resend.exchange_id is not None and not resend.is_over and overlaps(link.lines, resend.lines)
    ]
    is_of_exchange = link.direction is Direction.REPLACEMENT
    return tuple(refunds) if is_of_exchange else (*refunds, *exchanges)


# Refunds and exchanges.


def _refund_noted(fact: f.RefundNoted, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells every search that the refund touches."""
    return _refund_news(view, fact.refund, is_open=True, is_paid=False)


def _refund_ended(fact: f.RefundEnded, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells every search that one of the refunds touches."""
    ended = fact.refunds
    if fact.is_paid and not ended:
        ended = (OpenRefund(fact.payment_id, "", fact.repaid),)
    return [
        told for refund in ended for told in _refund_news(view, refund, is_open=False, is_paid=fact.is_paid)
    ]


def _refund_news(
    view: CaseView[State], refund: OpenRefund, *, is_open: bool, is_paid: bool
) -> Sequence[Addressed]:
    file = _file(view)
    return [
        lost_parcel.to(
            view.subject,
            link.searched_as,
            lost_parcel.RefundNews(refund.refund_id, is_open, is_paid, refund.lines, repaid_in(file, link)),
        )
        for link in file.links
        if link.was_sought and not link.replaced_by and overlaps(link.lines, refund.lines)
    ]


def _exchange_noted(fact: f.ResendKnown, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells every search that the exchange touches."""
    return _exchange_news(view, fact.resend, is_open=True) if fact.resend.exchange_id else []


def _exchange_ended(fact: f.ExchangeEnded, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells every search that the exchange touched."""
    resends = [r for r in _file(view).resends if r.exchange_id == fact.exchange_id]
    return [told for resend in resends for told in _exchange_news(view, resend, is_open=False)]


def _exchange_news(view: CaseView[State], resend: Resend, *, is_open: bool) -> Sequence[Addressed]:
    file, exchange_id = _file(view), resend.exchange_id or ""
    return [
        lost_parcel.to(
            view.subject,
            link.searched_as,
            lost_parcel.RefundNews(
                exchange_id,
                is_open,
                resend.is_settled,
                resend.lines,
                repaid_in(file, link),
                is_exchange=True,
            ),
        )
        for link in file.links
        if link.was_sought
        and not link.replaced_by
        and link.direction is not Direction.REPLACEMENT
        and overlaps(link.lines, resend.lines)
    ]


# Shortages and resends.


def _shortage(fact: f.ShortageKnown, view: CaseView[State]) -> Sequence[Addressed]:
    """Lets the buyer choose."""
    ids = {share.line_id for share in fact.lines}
    lines = [line for line in _file(view).lines if line.line_id in ids]
    products = tuple(dict.fromkeys(line.product_id for line in lines))
    found = shortage.ShortageFound(view.subject, fact.lines, products, fact.expected_at)
    return [shortage.to(view.subject, found)]


def _resend_parcel(fact: f.ReshipParcelKnown, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the reship the parcel that carries it."""
    return [reship.to(view.subject, fact.reship_id, reship.ParcelKnown(fact.link.parcel_id))]


def _resend_unwanted(fact: f.ResendUnwanted, view: CaseView[State]) -> Sequence[Addressed]:
    """Tells the reship that nobody wants it any more."""
    return [reship.to(view.subject, fact.reship_id, reship.Unwanted())]


TELLS: Mapping[type, Reaction] = {
    f.DepartureNoted: _departed,
    f.LinkChanged: _link_changed,
    f.MarkNoted: _marked,
    f.GateReturnKnown: _gate_return,
    f.VoidNoted: _voided,
    f.LinkRenumbered: _renumbered,
    f.ParcelNewsNoted: _news,
    f.CallBackDue: _call_back,
    f.SearchDue: _search,
    f.RefundNoted: _refund_noted,
    f.RefundEnded: _refund_ended,
    f.ResendKnown: _exchange_noted,
    f.ExchangeEnded: _exchange_ended,
    f.ShortageKnown: _shortage,
    f.ReshipParcelKnown: _resend_parcel,
    f.ResendUnwanted: _resend_unwanted,
}

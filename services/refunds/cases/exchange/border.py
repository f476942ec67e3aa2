"""Declares the exchange: the events that it reads, its outcomes, and the order's news from it."""

from collections.abc import Mapping, Sequence

from aftersales_contracts import components, enums
from aftersales_contracts.aftersales import common, refunds, refunds_enums
from aftersales_contracts.base import Event
from aftersales_contracts.shop import aftersales
from chassis.engine.outcomes import about_order, mine, money_in, order_task, order_task_withdrawn, pieces
from chassis.service import Announce, Kind, Reaction, Read
from kernel.decider import Addressed, CaseView, expect
from kernel.ids import derived_id
from kernel.people import Task, TaskWithdrawn
from kernel.picture import Picture, Pictures, ended
from kernel.value import replace
from services.refunds.cases.exchange import messages as m
from services.refunds.cases.exchange import state as s
from services.refunds.cases.exchange.rules import decide
from services.refunds.cases.exchange.state import (
    Absent,
    ConversionAsked,
    Ended,
    Ending,
    ExchangeEnded,
    ExchangeOpened,
    ExchangeRefused,
    Fact,
    FreightDecided,
    FreightDue,
    NoteDiffers,
    OfferRefund,
    PersonAsked,
    RefundOffered,
    ReshipDue,
    ReshipPurpose,
    ReturnAuthorized,
    State,
    asked_name,
    deadlines,
    evolve,
    filed_of,
)
from services.refunds.cases.order import messages as order
from services.refunds.cases.refund_intent.messages import intent_id_of
from services.refunds.conversions import carriage_in, freight_decided, number_of, shares_in
from services.refunds.goods import without
from services.refunds.policy import Policy
from services.refunds.shares import Purpose

# Reads.


def _withdrawn(data: aftersales.ApplicationWithdrawnV1) -> Sequence[Addressed]:
    return _here(data.order_id, data.refund_id, data.exchange_id, m.BuyerWithdrew())


def _here(
    order_id: str, refund_id: str | None, exchange_id: str | None, message: m.Message
) -> Sequence[Addressed]:
    """Addresses the exchange, unless the event names a refund."""
    return [] if refund_id is not None or exchange_id is None else [m.to(order_id, exchange_id, message)]


def _return_sent(data: aftersales.ReturnSentV1) -> Sequence[Addressed]:
    paid = None if data.freight_paid_amount is None else money_in(data.freight_paid_amount)
    message = m.ReturnSent(carriage_in(data.carriage), paid, data.return_id)
    return _here(data.order_id, data.refund_id, data.exchange_id, message)


def _return_accepted(data: aftersales.ReturnAcceptedV1) -> Sequence[Addressed]:
    message = m.ReturnAccepted(shares_in(data.lines))
    return _here(data.order_id, data.refund_id, data.exchange_id, message)


def _answered(data: aftersales.ExchangeAnsweredV1) -> Sequence[Addressed]:
    if not data.answer.is_known:
        return []
    is_approved = data.answer is aftersales.ExchangeAnswer.APPROVED
    return [m.to(data.order_id, data.exchange_id, m.SellerAnswered(is_approved, data.reason_code))]


def _offer_answered(data: aftersales.OfferAnsweredV1) -> Sequence[Addressed]:
    count = number_of(data.offer_id, f".{m.OFFER_MARK}.")
    return [m.to(data.order_id, data.case_id, m.OfferAnswered(count, data.option_id))]


READS: Mapping[type[Event], Read] = {
    aftersales.ApplicationWithdrawnV1: _withdrawn,
    aftersales.ReturnSentV1: _return_sent,
    aftersales.ReturnAcceptedV1: _return_accepted,
    aftersales.ExchangeAnsweredV1: _answered,
    aftersales.OfferAnsweredV1: mine(m.NAME, _offer_answered),
}

# Announces.


def _opened(fact: ExchangeOpened, view: CaseView[State]) -> refunds.ExchangeOpenedV1:
    return refunds.ExchangeOpenedV1(
        **about_order(view, fact.filed.customer_id),
        exchange_id=view.case_id,
        reship_id=m.reship_id_of(view.case_id),
        lines=pieces(fact.filed.shares),
        wanted=[components.Wanted(line_id=one.line_id, sku_id=one.sku_id) for one in fact.filed.wanted],
    )


def _refused(fact: ExchangeRefused, view: CaseView[State]) -> refunds.ApplicationRejectedV1:
    return refunds.ApplicationRejectedV1(
        **about_order(view),
        application=refunds_enums.ApplicationKind.EXCHANGE,
        application_id=view.case_id,
        reason_code=fact.reason_code,
    )


def _offer_made(fact: RefundOffered, view: CaseView[State]) -> common.OfferMadeV1:
    offer = expect(view.state, OfferRefund)
    options = [components.Option(option_id="refund", kind=enums.OptionKind.REFUND)]
    if fact.is_breach:
        options.append(components.Option(option_id="replacement", kind=enums.OptionKind.RESHIP))
    elif not fact.are_goods_back:
        options.append(components.Option(option_id="other_goods", kind=enums.OptionKind.OTHER_GOODS))
    return common.OfferMadeV1(
        **about_order(view, offer.filed.customer_id),
        offer_id=m.offer_id_of(view.case_id, offer.offer_count),
        options=options,
        choose_by_at=fact.choose_by,
    )


def _authorized(fact: ReturnAuthorized, view: CaseView[State]) -> refunds.ReturnAuthorizedV1:
    filed = filed_of(view.state)
    return refunds.ReturnAuthorizedV1(
        **about_order(view, filed.customer_id),
        return_id=view.case_id,
        exchange_id=view.case_id,
        lines=pieces(without(filed.shares, filed.back)),
        return_address_ref=fact.address_ref,
        carriages=[enums.Carriage(carriage.value) for carriage in fact.carriages],
        is_collect_forbidden=True,
        needs_note=True,
        send_by_at=fact.send_by,
    )


def _freight_owed(fact: FreightDue, view: CaseView[State]) -> refunds.FreightLiabilityDecidedV1:
    filed = filed_of(view.state)
    return freight_decided(view, filed.customer_id, filed.liability, fact.amount)


def _freight_decided(fact: FreightDecided, view: CaseView[State]) -> refunds.FreightLiabilityDecidedV1:
    return freight_decided(view, filed_of(view.state).customer_id, fact.liability)


def _reship_due(fact: ReshipDue, view: CaseView[State]) -> refunds.ReshipDueV1:
    filed = filed_of(view.state)
    is_back = fact.purpose is ReshipPurpose.RETURN_TO_BUYER
    skus = {one.line_id: one.sku_id for one in fact.goods}
    own = {one.line_id: one.sku_id for one in filed.given}
    sent = fact.shares or filed.shares
    return refunds.ReshipDueV1(
        **about_order(view, filed.customer_id),
        reship_id=_send_id(view) if is_back else m.reship_id_of(view.case_id),
        purpose=enums.ReshipPurpose(fact.purpose.value),
        lines=pieces(sent),
        # A line without a wish is replaced by the same.
        sku_ids=[skus.get(share.line_id) or own[share.line_id] for share in sent],
        ship_by_at=fact.ship_by,
        cost_bearer=refunds_enums.FreightBearer(fact.cost_bearer.value),
    )


def _send_id(view: CaseView[State]) -> str:
    """Derives the id of the resend that brings the buyer his own goods again."""
    return derived_id(view.case_id, "back")


def _note_differs(fact: NoteDiffers, view: CaseView[State]) -> common.TaskRequestedV1:
    return order_task(Task("note_names_other_variant", fact.due_at, "reconciliation", name="note"), view)


def _asked(fact: PersonAsked, view: CaseView[State]) -> common.TaskRequestedV1:
    return order_task(Task(fact.question_code, fact.due_at, name=asked_name(fact.number)), view)


def _ended(fact: ExchangeEnded, view: CaseView[State]) -> refunds.ExchangeEndedV1:
    return refunds.ExchangeEndedV1(
        **about_order(view), exchange_id=view.case_id, ending=refunds_enums.ExchangeEnding(fact.ending.value)
    )


ANNOUNCES: Mapping[type, Announce] = {
    ExchangeOpened: _opened,
    ExchangeRefused: _refused,
    RefundOffered: _offer_made,
    ReturnAuthorized: _authorized,
    FreightDecided: _freight_decided,
    FreightDue: _freight_owed,
    ReshipDue: _reship_due,
    NoteDiffers: _note_differs,
    Task: order_task,
    TaskWithdrawn: order_task_withdrawn,
    PersonAsked: _asked,
    ExchangeEnded: _ended,
}

# Tells.


def _freight_due(fact: FreightDue, view: CaseView[State]) -> Sequence[Addressed]:
    intent_id = intent_id_of(view.kind, view.case_id, Purpose.FREIGHT)
    return [order.to(view.subject, order.PaymentAsked(view.case_id, intent_id, Purpose.FREIGHT, fact.amount))]


def _over(fact: ExchangeEnded | ExchangeRefused, view: CaseView[State]) -> Sequence[Addressed]:
    if isinstance(fact, ExchangeRefused):
        return [order.to(view.subject, order.CaseEnded(view.case_id, is_used=False))]
    ended = order.CaseEnded(
        view.case_id,
        is_used=fact.is_used,
        are_settled=fact.ending in (Ending.COMPLETED, Ending.RETURNED_TO_BUYER),
        is_followed=fact.is_followed,
        here=fact.here,
        question_code="exchange_breached" if fact.ending is Ending.BREACHED else "",
        sent_back=fact.sent_back,
        send_id=_send_id(view),
    )
    return [order.to(view.subject, ended)]


def _converted(fact: ConversionAsked, view: CaseView[State]) -> Sequence[Addressed]:
    offered = order.RefundOffered(view.case_id, fact.shares, fact.reason_code, fact.is_return_needed)
    return [order.to(view.subject, offered)]


TELLS: Mapping[type, Reaction] = {
    FreightDue: _freight_due,
    ExchangeEnded: _over,
    ExchangeRefused: _over,
    ConversionAsked: _converted,
}

PICTURES: Pictures = {
    s.TurnedAway: ended("turned_away", "apply_exchange"),
    s.Requested: Picture("requested", "seller", ("agree_exchange", "refuse_exchange", "withdraw_exchange")),
    s.OfferRefund: Picture("offer_refund", "buyer", ("choose_remedy",)),
    s.WaitBuyerSend: Picture("wait_buyer_send", "buyer", ("register_return", "withdraw_exchange")),
    s.InReturn: Picture("in_return", "seller", ("accept_return",)),
    s.ShippingReplacement: Picture("shipping_replacement", "seller", ("send_replacement",)),
    s.ReplacementSent: Picture("replacement_sent", "carrier"),
    s.Completed: ended("completed"),
    s.Rejected: ended("rejected"),
    s.Expired: ended("expired"),
    s.ReturnedToBuyer: ended("returned_to_buyer"),
    s.Converted: ended("converted"),
    s.Withdrawn: ended("withdrawn"),
    s.Breached: ended("breached"),
}


def _detail(state: State, picture: Picture) -> Picture:
    """Tells whose word is missing, and whether the buyer may still withdraw (RF-105, RF-118)."""
    match state:
        case s.Requested(is_approved=True):
            return replace(picture, waits_for="warehouse", actions=("withdraw_exchange",))
        case s.OfferRefund(are_goods_back=False):
            return replace(picture, actions=("choose_remedy", "withdraw_exchange"))
        case _:
            return picture


EXCHANGE: Kind[State, m.Message, Fact, Policy] = Kind(
    name=m.NAME,
    initial=Absent(),
    state=State,
    message=m.Message,
    fact=Fact,
    ended=Ended,
    decide=decide,
    evolve=evolve,
    deadlines=deadlines,
    reads=READS,
    announces=ANNOUNCES,
    tells=TELLS,
    pictures=PICTURES,
    detail=_detail,
)

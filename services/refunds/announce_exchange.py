"""What exchanges and late-shipping compensation announce."""

from collections.abc import Mapping
from typing import Any

from aftersales_contracts import base as contract
from aftersales_contracts import parts, words
from aftersales_contracts.aftersales import common, refunds, refunds_words
from chassis.service import Announce
from kernel.decider import CaseView
from services.refunds import exchange_words as exchange
from services.refunds import late_words as late
from services.refunds.announce import about, asked, liability, money, shares, task, wanted
from services.refunds.translate import RESHIP_SUFFIX, offer_id_of
from services.refunds.values import derived_id

BACK_SUFFIX = ".back"


# Exchange.


def _buyer(view: CaseView[Any]) -> str | None:
    state: Any = view.state
    filed: exchange.Filed | None = getattr(state, "filed", None)
    return None if filed is None else filed.customer_id


def _exchange_opened(fact: exchange.ExchangeOpened, view: CaseView[Any]) -> refunds.ExchangeOpenedV1:
    return refunds.ExchangeOpenedV1(
        **about(view, fact.filed.customer_id),
        exchange_id=view.case_id,
        reship_id=derived_id(view.case_id, RESHIP_SUFFIX),
        lines=shares(fact.filed.shares),
        wanted=wanted(fact.filed.wanted),
    )


def _exchange_refused(fact: exchange.ExchangeRefused, view: CaseView[Any]) -> refunds.ApplicationRejectedV1:
    return refunds.ApplicationRejectedV1(
        **about(view),
        application=refunds_words.ApplicationKind.EXCHANGE,
        application_id=view.case_id,
        reason_code=fact.reason_code,
    )


def _offer_made(fact: exchange.RefundOffered, view: CaseView[Any]) -> common.OfferMadeV1:
    state: Any = view.state
    offer: exchange.OfferRefund = state
    options = [parts.Option(option_id="refund", kind=words.OptionKind.REFUND)]
    if not fact.are_goods_back:
        options.append(parts.Option(option_id="other_goods", kind=words.OptionKind.OTHER_GOODS))
    return common.OfferMadeV1(
        **about(view, offer.filed.customer_id),
        offer_id=offer_id_of(view.case_id, offer.offer_count),
        options=options,
        choose_by_at=fact.choose_by,
    )


def _exchange_authorized(fact: exchange.ReturnAuthorized, view: CaseView[Any]) -> refunds.ReturnAuthorizedV1:
    state: Any = view.state
    waiting: exchange.WaitBuyerSend = state
    return refunds.ReturnAuthorizedV1(
        **about(view, waiting.filed.customer_id),
        return_id=view.case_id,
        exchange_id=view.case_id,
        lines=shares(waiting.filed.shares),
        return_address_ref=fact.address_ref,
        carriages=[words.Carriage(carriage.value) for carriage in fact.carriages],
        is_collect_forbidden=True,
        needs_note=True,
        send_by_at=fact.send_by,
    )


def _exchange_liability(
    fact: exchange.FreightDecided, view: CaseView[Any]
) -> refunds.FreightLiabilityDecidedV1:
    return liability(view, _buyer(view) or "", fact.liability)


def _reship_due(fact: exchange.ReshipDue, view: CaseView[Any]) -> refunds.ReshipDueV1:
    state: Any = view.state
    filed: exchange.Filed = state.filed
    is_back = fact.purpose is exchange.ReshipPurpose.RETURN_TO_BUYER
    skus = {one.line_id: one.sku_id for one in fact.goods}
    own = {one.line_id: one.sku_id for one in filed.given}
    sent = fact.shares or filed.shares
    return refunds.ReshipDueV1(
        **about(view, filed.customer_id),
        reship_id=derived_id(view.case_id, BACK_SUFFIX if is_back else RESHIP_SUFFIX),
        purpose=words.ReshipPurpose(fact.purpose.value),
        lines=shares(sent),
        # A line without a wish is replaced by the same.
        sku_ids=[skus.get(share.line_id) or own[share.line_id] for share in sent],
        ship_by_at=fact.ship_by,
        cost_bearer=refunds_words.FreightBearer(fact.cost_bearer.value),
    )


def _note_differs(fact: exchange.NoteDiffers, view: CaseView[Any]) -> common.TaskRequestedV1:
    return task(view, derived_id(view.case_id, ".note"), "note_names_other_variant", fact.due_at)


def _exchange_ended(fact: exchange.ExchangeEnded, view: CaseView[Any]) -> refunds.ExchangeEndedV1:
    return refunds.ExchangeEndedV1(
        **about(view), exchange_id=view.case_id, ending=refunds_words.ExchangeEnding(fact.ending.value)
    )


FROM_EXCHANGE: Mapping[type, Announce] = {
    exchange.ExchangeOpened: _exchange_opened,
    exchange.ExchangeRefused: _exchange_refused,
    exchange.RefundOffered: _offer_made,
    exchange.ReturnAuthorized: _exchange_authorized,
    exchange.FreightDecided: _exchange_liability,
    exchange.ReshipDue: _reship_due,
    exchange.NoteDiffers: _note_differs,
    exchange.PersonAsked: asked,
    exchange.ExchangeEnded: _exchange_ended,
}


# Late compensation.


def _compensation_due(fact: late.CompensationDue, view: CaseView[Any]) -> refunds.CompensationDecidedV1:
    return refunds.CompensationDecidedV1(
        **about(view),
        base_amount=money(fact.base),
        rate_bps=fact.rate_bps,
        cap=money(fact.cap),
        amount=money(fact.amount),
        outcome=refunds_words.CompensationOutcome.DUE,
        reason_code=fact.reason_code,
    )


def _compensation_refused(
    fact: late.CompensationRefused, view: CaseView[Any]
) -> refunds.CompensationDecidedV1:
    return refunds.CompensationDecidedV1(
        **about(view),
        base_amount=money(fact.base),
        rate_bps=fact.rate_bps,
        cap=money(fact.cap),
        amount=contract.Money(minor=0, currency=fact.base.currency),
        outcome=refunds_words.CompensationOutcome.NOT_DUE,
        reason_code=fact.reason_code,
    )


def _compensation_disputed(fact: late.CompensationDisputed, view: CaseView[Any]) -> common.TaskRequestedV1:
    task_id = derived_id(view.case_id, ".compensation")
    return task(view, task_id, "compensated_but_in_time", fact.due_at)


FROM_LATE: Mapping[type, Announce] = {
    late.CompensationDue: _compensation_due,
    late.CompensationRefused: _compensation_refused,
    late.CompensationDisputed: _compensation_disputed,
}

"""Tells Taobao's refunds (退款): applied, agreed, refused, goods sent back, withdrawn, paid."""

from collections.abc import Mapping

from pydantic import ValidationError

from aftersales_adapters.carriers import carrier_code, tracking_code
from aftersales_adapters.reading import Node
from aftersales_adapters.taobao_trades import PREFIX, at, order_id, yuan
from aftersales_adapters.telling import Telling, digest_id, refused
from aftersales_contracts.base import Money
from aftersales_contracts.components import Party, Share, Tracking
from aftersales_contracts.enums import Carriage, RefundKind, Role
from aftersales_contracts.shop.aftersales import (
    AnswerStage,
    ApplicationWithdrawnV1,
    RefundAgreedV1,
    RefundAppliedV1,
    RefundRefusedV1,
    ReturnSentV1,
)
from aftersales_contracts.shop.payments import RefundMadeOutsideV1

STATUSES = frozenset(
    {
        "WAIT_SELLER_AGREE", "WAIT_BUYER_RETURN_GOODS", "WAIT_SELLER_CONFIRM_GOODS", "SELLER_REFUSE_BUYER",
        "CLOSED", "SUCCESS",
    }
)  # fmt: skip
"""The `status` of a refund."""
REASONS: Mapping[str, str] = {
    "7天无理由退换货": "no_reason",
    "七天无理由退换货": "no_reason",
    "多拍/拍错/不想要": "no_reason",
    "拍错/多拍/不想要": "no_reason",
    "不喜欢/不想要": "no_reason",
    "未按约定时间发货": "late_shipment",
    "缺货": "out_of_stock",
    "质量问题": "quality",
    "商品质量问题": "quality",
    "与描述不符": "not_as_described",
    "商品与描述不符": "not_as_described",
    "卖家发错货": "wrong_item",
    "收到商品破损": "damaged",
    "商品破损": "damaged",
    "少件/漏发": "missing",
    "商品缺少所需样式/少件": "missing",
    "未收到货": "not_received",
    "快递/物流一直未送到": "not_received",
    "协商一致退款": "agreed",
    "其他": "other",
}
"""Our reason by the words of `reason`."""
AGREED_BEFORE = frozenset({"WAIT_BUYER_RETURN_GOODS", "WAIT_SELLER_CONFIRM_GOODS"})


def tell_refund(telling: Telling, shop_id: str, refund: Node, *, with_applied: bool) -> None:
    """Tells all that a refund says of itself."""
    status = refund["status"].need_text()
    if status not in STATUSES:
        telling.unknown(refund["status"], "refund status", status)
    try:
        case = _Refund(telling, shop_id, refund)
        if with_applied:
            case.applied()
        else:
            telling.remark(refund, "not_told", "an application is told by RefundCreated")
        case.answered(status)
        case.ended(status)
    except ValidationError as error:
        raise refused(refund, error) from None


class _Refund:
    """One refund, and the events that it gives."""

    def __init__(self, telling: Telling, shop_id: str, refund: Node) -> None:
        self._telling = telling
        self._shop_id = shop_id
        self._node = refund
        self._order_id = order_id(refund["tid"])
        self._id = digest_id([f"{PREFIX}{refund['refund_id'].need_id()}"])
        self._amount = yuan(refund["refund_fee"])

    def _lines(self, amount: Money | None = None) -> list[Share]:
        line = self._node["oid"] if not self._node["oid"].is_absent else self._node["tid"]
        count = self._node["num"].count()
        if count is None:
            self._telling.remark(
                self._node["num"], "assumed", "a refund without a number of pieces is of one"
            )
        return [Share(line_id=digest_id([line.need_id()]), quantity_count=count or 1, amount=amount)]

    def applied(self) -> None:
        event = RefundAppliedV1(
            shop_id=self._shop_id,
            order_id=self._order_id,
            refund_id=self._id,
            terms_version=1,
            kind=self._kind(),
            reason_code=self._reason(),
            lines=self._lines(self._amount),
            amount=self._amount,
        )
        self._telling.tell(f"refund/{self._id}/applied", at(self._node["created"]), event, self._node)

    def _kind(self) -> RefundKind:
        if self._node["has_good_return"].flag():
            return (
                RefundKind.NO_REASON if self._reason(counts=False) == "no_reason" else RefundKind.WITH_RETURN
            )
        if self._node["order_status"].text() in ("WAIT_SELLER_SEND_GOODS", "PAID_FORBID_CONSIGN"):
            return RefundKind.UNSHIPPED
        if self._node["good_status"].text() == "BUYER_NOT_RECEIVED":
            return RefundKind.NOT_RECEIVED
        return RefundKind.NO_RETURN

    def _reason(self, *, counts: bool = True) -> str:
        words = self._node["reason"].text()
        if words is None:
            return "other"
        found = REASONS.get(words.replace(" ", ""))
        if found is None and counts:
            self._telling.unknown(self._node["reason"], "refund reason", words)
        return found or "other"

    def answered(self, status: str) -> None:
        """The seller's yes or no, and the goods that were sent back after a yes."""
        sent_at = self._node["good_return_time"]
        is_sent = not self._node["sid"].is_absent
        if status in AGREED_BEFORE or is_sent:
            moment = sent_at if is_sent and not sent_at.is_absent else self._node["modified"]
            if is_sent:
                self._telling.remark(
                    self._node["status"], "assumed", "agreed when goods were sent, at the latest"
                )
            agreed = RefundAgreedV1(
                shop_id=self._shop_id,
                order_id=self._order_id,
                refund_id=self._id,
                terms_version=1,
                stage=AnswerStage.ANSWER,
                by=Party(role=Role.SELLER),
            )
            self._telling.tell(f"refund/{self._id}/agreed", at(moment), agreed, self._node)
        if status == "SELLER_REFUSE_BUYER":
            refusal = RefundRefusedV1(
                shop_id=self._shop_id,
                order_id=self._order_id,
                refund_id=self._id,
                terms_version=1,
                stage=AnswerStage.RECEIPT if is_sent else AnswerStage.ANSWER,
                reason_code="seller_refused",
                by=Party(role=Role.SELLER),
            )
            moment_of = at(self._node["modified"])
            which = f"{moment_of:%Y%m%dT%H%M%SZ}"
            self._telling.tell(f"refund/{self._id}/refused/{which}", moment_of, refusal, self._node)
        if is_sent:
            self._sent(sent_at if not sent_at.is_absent else self._node["modified"])

    def _sent(self, moment: Node) -> None:
        company = self._node["company_name"]
        if company.is_absent:
            self._telling.remark(company, "assumed", "a number without its carrier: the carrier is other")
            company = Node("other", company.place)
        tracking = Tracking(
            carrier_code=carrier_code(self._telling, company), tracking_code=tracking_code(self._node["sid"])
        )
        event = ReturnSentV1(
            shop_id=self._shop_id,
            order_id=self._order_id,
            refund_id=self._id,
            return_id=digest_id([f"{self._id}.return"]),
            lines=self._lines(),
            carriage=Carriage.EXPRESS,
            tracking=tracking,
        )
        which = digest_id([tracking.tracking_code])
        self._telling.tell(f"refund/{self._id}/sent/{which}", at(moment), event, self._node)

    def ended(self, status: str) -> None:
        moment = self._node["modified"]
        if status == "CLOSED":
            self._telling.remark(self._node["status"], "assumed", "a refund does not say who closed it")
            closed = ApplicationWithdrawnV1(
                shop_id=self._shop_id, order_id=self._order_id, refund_id=self._id, by=Party(role=Role.BUYER)
            )
            self._telling.tell(f"refund/{self._id}/withdrawn", at(moment), closed, self._node)
        if status == "SUCCESS":
            paid = RefundMadeOutsideV1(
                shop_id=self._shop_id,
                order_id=self._order_id,
                outside_id=self._id,
                amount=self._amount,
                lines=self._lines(self._amount),
                refund_id=self._id,
                reason_code="taobao",
                by=Party(role=Role.PLATFORM),
            )
            self._telling.tell(f"refund/{self._id}/paid", at(moment), paid, self._node)

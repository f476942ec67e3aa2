"""Defines open enumerations that several event types share. An unknown member is kept raw when read."""

from aftersales_contracts.base import OpenEnum


class Role(OpenEnum):
    """On whose behalf somebody acts."""

    BUYER = "buyer"
    SELLER = "seller"
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    PLATFORM = "platform"
    WAREHOUSE = "warehouse"
    CARRIER = "carrier"
    SUPPLIER = "supplier"
    INSURER = "insurer"
    SYSTEM = "system"


class SellerType(OpenEnum):
    """Kind of shop: a seller on a consumer marketplace, or a merchant with a shop in a mall."""

    C_SHOP = "c_shop"
    MALL = "mall"
    WEB_SHOP = "web_shop"
    """A shop of its own, on no marketplace."""


class FreightTerms(OpenEnum):
    """Who bears the outbound freight of a line."""

    FREE = "free"
    BUYER_PAYS = "buyer_pays"


class GoodsClass(OpenEnum):
    """The class of goods, as far as a rule asks."""

    STANDARD = "standard"
    AUTO_DELIVERED = "auto_delivered"
    VIRTUAL = "virtual"
    BULKY = "bulky"
    FOOD = "food"
    ADULT = "adult"
    TICKET = "ticket"
    HOTEL = "hotel"
    TOP_UP = "top_up"


class SaleService(OpenEnum):
    """A service that the seller promises with a line."""

    SEVEN_DAY_NO_REASON = "seven_day_no_reason"
    FIFTEEN_DAY = "fifteen_day"
    SEVEN_PLUS = "seven_plus"
    FREIGHT_INSURANCE = "freight_insurance"
    CASH_ON_DELIVERY = "cash_on_delivery"
    USE_FIRST_PAY_LATER = "use_first_pay_later"


class PaymentMethod(OpenEnum):
    """The means of payment of one tender."""

    ALIPAY = "alipay"
    TENPAY = "tenpay"
    HUABEI = "huabei"
    CREDIT_CARD = "credit_card"
    DEBIT_CARD = "debit_card"
    POINTS = "points"
    CASH_ON_DELIVERY = "cash_on_delivery"
    VOUCHER = "voucher"
    BANK_TRANSFER = "bank_transfer"
    BANK_SLIP = "bank_slip"
    """A slip that the buyer pays at a bank or a till, for example a Brazilian boleto."""
    PAYPAL = "paypal"
    WALLET = "wallet"
    """A wallet of a device or an app that no other word names."""
    PAY_LATER = "pay_later"
    GIFT_CARD = "gift_card"
    STORE_CREDIT = "store_credit"
    CASH = "cash"
    """Notes and coins, paid at a till."""


class PaymentPurpose(OpenEnum):
    """The purpose of a payment."""

    FULL = "full"
    DEPOSIT = "deposit"
    BALANCE = "balance"
    FREIGHT = "freight"


class ChargeKind(OpenEnum):
    """The kind of a sum that the buyer owes on top of goods and freight."""

    TAX = "tax"
    """On top of the prices; a tax that the prices include is not told."""
    DUTY = "duty"
    TIP = "tip"
    FEE = "fee"
    ROUNDING = "rounding"
    """Rounded up, for example to the smallest coin."""


class PaymentStatus(OpenEnum):
    """The fate of one payment."""

    AUTHORISED = "authorised"
    """Money is promised; none has moved."""
    RECEIVED = "received"
    """Money is in, of a part of what is owed or of all."""
    VOIDED = "voided"
    """The promise is dropped: the money never came."""
    FAILED = "failed"


class ChargebackStage(OpenEnum):
    """The stage of a dispute about a payment."""

    OPENED = "opened"
    WON = "won"
    """The seller keeps the money."""
    LOST = "lost"
    """The buyer has the money back."""


class OutsidePurpose(OpenEnum):
    """Why money went to a buyer without a request of ours."""

    REFUND = "refund"
    GOODWILL = "goodwill"


class Payer(OpenEnum):
    """Who paid."""

    BUYER = "buyer"
    FRIEND = "friend"


class RefundKind(OpenEnum):
    """Kind of refund; it decides the length of the answer deadline (RF-012 to RF-016)."""

    UNSHIPPED = "unshipped"
    NOT_RECEIVED = "not_received"
    NO_RETURN = "no_return"
    WITH_RETURN = "with_return"
    NO_REASON = "no_reason"


class ParcelDirection(OpenEnum):
    """Which way a parcel travels, and why."""

    OUTBOUND = "outbound"
    RETURN = "return"
    REPLACEMENT = "replacement"
    RESHIP = "reship"
    TO_BUYER = "to_buyer"


class ParcelStatus(OpenEnum):
    """Canonical status of a parcel; the carrier's own code travels beside it."""

    UNKNOWN = "unknown"
    """The carrier does not know the number yet."""
    REGISTERED = "registered"
    """The carrier knows of the parcel and does not have it."""
    PICKED_UP = "picked_up"
    IN_TRANSIT = "in_transit"
    CUSTOMS = "customs"
    OUT_FOR_DELIVERY = "out_for_delivery"
    """On the last way to the recipient; after a refusal or a return: to the recipient once more."""
    AVAILABLE_FOR_PICKUP = "available_for_pickup"
    """The recipient may fetch it, for example from a locker."""
    ATTEMPT_FAILED = "attempt_failed"
    OUT_OF_RANGE = "out_of_range"
    ADDRESS_PROBLEM = "address_problem"
    HELD = "held"
    TRANSFERRED = "transferred"
    """Handed to another carrier or another number."""
    DELIVERED = "delivered"
    """Signed for where the parcel was going.

    After `returning`, `intercepted` or `returned` that is its sender, unless it went out for delivery again;
    after `refused` or `not_collected` once it moved on from there.
    """
    REFUSED = "refused"
    """The recipient did not take it."""
    RETURNING = "returning"
    """On the way back to the sender."""
    RETURNED = "returned"
    """The sender has it and signed for it."""
    DAMAGED = "damaged"
    LOST = "lost"
    CANCELLED = "cancelled"
    """The carrier will not carry it."""
    PROBLEM = "problem"
    """A failure, an error or an exception of which the carrier says no more; the parcel is under way."""
    MISSORTED = "missorted"
    """Sent the wrong way; it goes on from there."""
    INTERCEPTED = "intercepted"
    """Stopped on the sender's word: it comes back."""
    NOT_COLLECTED = "not_collected"
    """Nobody fetched it in time from where it could be fetched."""


class SignedBy(OpenEnum):
    """Who took a delivered parcel."""

    BUYER = "buyer"
    DELEGATE = "delegate"
    HOUSEHOLD = "household"
    GUARD = "guard"
    LOCKER = "locker"
    NAMED = "named"
    """Somebody whose name the carrier noted; the name itself is never in an event (`signer_ref`)."""
    SENDER = "sender"
    """Whoever had sent it: the parcel is back."""


class Carriage(OpenEnum):
    """The way goods are sent back; it decides the receipt deadline (RF-023 express, RF-024 mail)."""

    EXPRESS = "express"
    MAIL = "mail"


class Condition(OpenEnum):
    """Condition of returned goods, as found."""

    RESALEABLE = "resaleable"
    WORN = "worn"
    WASHED = "washed"
    DAMAGED = "damaged"
    ALTERED = "altered"
    INCOMPLETE = "incomplete"
    WRONG_ITEM = "wrong_item"


class Disposition(OpenEnum):
    """The fate of returned goods."""

    RESTOCK = "restock"
    QUARANTINE = "quarantine"
    REPAIR = "repair"
    SCRAP = "scrap"
    RETURN_TO_VENDOR = "return_to_vendor"
    MISSING = "missing"


class OptionKind(OpenEnum):
    """A remedy that somebody may choose."""

    KEEP_WITH_DIFFERENCE = "keep_with_difference"
    DISCOUNT = "discount"
    VOUCHER = "voucher"
    FIX_COST = "fix_cost"
    EXCHANGE = "exchange"
    RETURN = "return"
    REFUND = "refund"
    RESHIP = "reship"
    WAIT = "wait"
    OTHER_GOODS = "other_goods"


class EvidenceKind(OpenEnum):
    """The kind of a piece of evidence."""

    PHOTO = "photo"
    PACKING_SLIP = "packing_slip"
    WEIGHT_PHOTO = "weight_photo"
    SHIPPING_PROOF = "shipping_proof"
    CHAT_EXTRACT = "chat_extract"
    BUYER_STATEMENT = "buyer_statement"
    COURIER_CERTIFICATE = "courier_certificate"
    PAYMENT_PROOF = "payment_proof"
    CALL_SUMMARY = "call_summary"


class MoneyMoved(OpenEnum):
    """Whether money moved although a payment did not settle."""

    NO = "no"
    UNKNOWN = "unknown"


class MemoPurpose(OpenEnum):
    """The purpose of a memo on an order."""

    PERSONAL_REQUEST = "personal_request"
    PROMISE = "promise"
    LOSS = "loss"
    DELIVERY_SLOT = "delivery_slot"


class Channel(OpenEnum):
    """A way to reach a customer."""

    SMS = "sms"
    EMAIL = "email"
    CALL = "call"
    CHAT = "chat"
    GROUP = "group"


class ConsentChannel(OpenEnum):
    """A way to reach a customer, or all of them."""

    SMS = "sms"
    EMAIL = "email"
    CALL = "call"
    CHAT = "chat"
    GROUP = "group"
    ALL = "all"


class ConsentPurpose(OpenEnum):
    """The purpose of messages that a customer allows."""

    SERVICE = "service"
    MARKETING = "marketing"
    SURVEY = "survey"


class PromiseKind(OpenEnum):
    """The kind of a promise to a customer."""

    GIFT = "gift"
    SHIP_BY = "ship_by"
    CARRIER = "carrier"
    PRICE = "price"
    FREIGHT = "freight"
    EXCHANGE = "exchange"
    NO_REFUND = "no_refund"
    CALLBACK = "callback"


class Rating(OpenEnum):
    """A rating of one order line by one side."""

    GOOD = "good"
    NEUTRAL = "neutral"
    BAD = "bad"


class ReshipPurpose(OpenEnum):
    """Why goods go to the buyer once more."""

    EXCHANGE = "exchange"
    RETURN_TO_BUYER = "return_to_buyer"
    WRONG_ITEM = "wrong_item"
    LOST = "lost"
    DAMAGED = "damaged"
    MISSING = "missing"
    OUT_OF_RANGE = "out_of_range"
    REFUSED = "refused"

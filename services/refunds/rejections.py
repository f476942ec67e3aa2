"""Names what is applied for at an order, and why it cannot be opened."""

from enum import StrEnum


class Application(StrEnum):
    REFUND = "refund"
    EXCHANGE = "exchange"


class Rejection(StrEnum):
    """The reason why an application cannot be opened."""

    ORDER_SUCCEEDED = "order_succeeded"
    ORDER_CLOSED = "order_closed"
    ALREADY_SHIPPED = "already_shipped"
    NOT_SHIPPED = "not_shipped"
    UNKNOWN_LINE = "unknown_line"
    UNKNOWN_KIND = "unknown_kind"
    LINE_BUSY = "line_busy"
    LINES_DIFFER = "lines_differ"
    WRONG_CURRENCY = "wrong_currency"
    NOTHING_ASKED = "nothing_asked"
    OVER_REFUNDABLE = "over_refundable"
    FREIGHT_NOT_OWED = "freight_not_owed"
    TOO_MANY = "too_many"
    EXCLUDED = "excluded"
    SECOND_EXCHANGE = "second_exchange"
    OUT_OF_WINDOW = "out_of_window"
    SELLER_REFUSED = "seller_refused"
    OTHER_STYLE = "other_style"
    NO_SERVICE = "no_service"
    NOT_PAID = "not_paid"
    ID_USED = "id_used"

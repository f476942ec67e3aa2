"""Lists the templates that our outcomes name. Who sends them has the texts, in the language of the buyer."""

from collections.abc import Mapping

TEMPLATES: Mapping[str, str] = {
    "callback": "the phone desk keeps a promise to call",
    "dispatch_delayed": "the goods leave later than promised",
    "edit_refund": "a refused application can be changed",
    "order_paid_ship_due": "to the seller: paid, and due to be shipped",
    "order_shipped": "the goods left",
    "parcel_located": "a parcel that was searched for is found",
    "parcel_signed": "a parcel that was missed was signed for",
    "payment_help": "is there a problem with the payment?",
    "payment_reminder_consulted": "pay when convenient",
    "payment_reminder_unasked": "please check the address and pay; how soon after that the goods leave",
    "please_refuse_parcel": "refuse the parcel at the door",
    "refuse_parcel": "refuse the parcel, and the refund is paid when it is back",
    "register_return": "send the goods and register the return",
    "review_followup": "the desk wants to help with what went wrong",
    "review_prompt": "please rate us, and where to turn to with a problem",
    "size_advice_only": "an advised size is advice, and no ground for a return or an exchange",
}
"""Template code -> the sense of the text. Who writes a code here has read RF-084, RV-030 and CP-049 first."""
VALUES: frozenset[str] = frozenset({
    "aftersales_contact", "coupon", "lost_parcel_id", "order_id", "parcel_id", "product_id", "refund_id",
    "carrier_code", "tracking_code", "dispatch_hours",
})  # fmt: skip
"""The values of templates; `coupon` is for any comment whatever its rating (RV-014).

`dispatch_hours`: the hours from payment to dispatch as a reminder says them. They bind the shop (LG-055).
"""

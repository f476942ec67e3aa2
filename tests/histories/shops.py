"""Shops of the histories: one for each pack, and one that agrees to nearly everything at once."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from chassis.service import Service
from kernel.packs import parse
from services.customers.service import CUSTOMERS
from services.logistics.service import LOGISTICS
from services.refunds import policy as refund_policy
from services.refunds.service import REFUNDS
from services.reviews.service import REVIEWS
from tests.services.flow import UnwrittenFacts

NOTICES = (
    "notice-quality-only", "notice-any-reason", "notice-three-days", "notice-fifteen-days",
    "notice-talk-first",
)  # fmt: skip
"""Packs that no shop of our own has: here a shop of the same name has each."""
CURRENCIES: Mapping[str, str] = {
    "shop-1": "CNY", "olist-1": "BRL", "kind-1": "CNY", **dict.fromkeys(NOTICES, "CNY"),
}  # fmt: skip
"""The currency of each shop's orders."""
_PACKS = """
["kind@2014-01-01"]
extends = "taobao-classic@2014-01-01"

[ "kind@2014-01-01".agreement ]
agree_at_once = ["with_return", "not_received", "unshipped"]

[ "kind@2014-01-01".freight ]
seller_bears_no_reason_return = true

[ "kind@2014-01-01".exchange ]
exchanges_per_order_max = 2
"""


def _with_packs(service: Service) -> Service:
    shops = "".join(f'"{name}" = "{name}"\n' for name in NOTICES)
    layer = parse(f'[shops]\n"kind*" = "kind"\n{shops}{_PACKS}', "packs of the histories")
    return replace(service, policies=refund_policy.load().laid_under(layer))


@cache
def wired() -> tuple[UnwrittenFacts, ...]:
    """The four services, prepared once for all histories."""
    services = (_with_packs(REFUNDS), LOGISTICS, REVIEWS, CUSTOMERS)
    return tuple(UnwrittenFacts(service) for service in services)

"""Declares the service of logistics: its kinds of case, and its numbers."""

from chassis.service import Service
from services.logistics import policy
from services.logistics.cases.courier_claim.border import COURIER_CLAIM
from services.logistics.cases.dispatch.border import DISPATCH
from services.logistics.cases.intercept.border import INTERCEPT
from services.logistics.cases.lost_parcel.border import LOST_PARCEL
from services.logistics.cases.parcel.border import PARCEL
from services.logistics.cases.reship.border import RESHIP
from services.logistics.cases.stock_shortage.border import STOCK_SHORTAGE

LOGISTICS = Service(
    name="logistics",
    # An exchange reaches the reship before the dispatch, which only notes it.
    kinds=(RESHIP, DISPATCH, PARCEL, LOST_PARCEL, COURIER_CLAIM, INTERCEPT, STOCK_SHORTAGE),
    policies=policy.load(),
)

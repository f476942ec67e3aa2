"""Judges how people see the cases of an order: every picture goes on where the one before ended."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from aftersales_contracts.aftersales.common import CaseChangedV1
from tests.histories.breach import Breach
from tests.histories.ledger import Ledger

NAMES: Mapping[str, str] = {
    "picture_gap": "each case.changed names the status before, differs from it, and uses known words",
}


def judge(ledger: Ledger, event: CaseChangedV1, at: datetime) -> Iterator[Breach]:
    """Yields what is wrong with a picture."""
    fault = ledger.chains.fault(event)
    if fault:
        yield Breach("picture_gap", event.case_kind, event.case_id, at, fault)

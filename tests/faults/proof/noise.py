"""Every event type that is told to us, about made-up orders, in any order: no story, only invariants."""

import re
from pathlib import Path

from aftersales_contracts.envelope import time_text
from aftersales_contracts.registry import EVENTS, read_data
from aftersales_contracts.topics import TOPICS
from tests.faults.proof.templates import DUE, PLACEHOLDER, Template

SAMPLES = Path(__file__).parents[3] / "contracts" / "samples"
NAMES = (
    "8840021763", "rf-60011", "rv-7781", "pc-9001", "pc-9002", "pc-9100", "rt-501", "ex-2207", "cust-40417",
    "acc-90", "SF1029384756", "YT7788990011", "pr-118", "sc-118", "pb-31", "cp-77", "call-90", "p-3301",
    "p-4410", "shop-5531", "sz-31",
)  # fmt: skip
"""Ids of the samples: each order gets its own."""


def templates() -> list[Template]:
    """One for each type that others tell us."""
    found: list[Template] = []
    for name, event_class in sorted(EVENTS.items()):
        if event_class.TOPIC not in TOPICS or TOPICS[event_class.TOPIC].side != "in":
            continue
        text = (SAMPLES / f"{name}.json").read_text("utf-8")
        for known in NAMES:
            text = text.replace(known, f"{known}.{PLACEHOLDER}")
        text = MOMENT.sub(time_text(DUE), text)
        found.append(Template(read_data(event_class, text.encode()), "proof/noise"))
    return found


MOMENT = re.compile(r"2014-\d\d-\d\dT[\d:.]+Z")
"""Moments in the samples: a copy names one of about its own time."""
HOT_SCAN = "shop.parcel.scanned.v1"
"""Type of the hot key: one waybill is scanned over and over."""

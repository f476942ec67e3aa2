"""Reasons that our cases announce have words, those of open lists too."""

from collections.abc import Iterator
from typing import Any

from aftersales_contracts import catalogue
from tests.histories.generate import generate

NO_WORDS = (
    "carrier_code", "to_carrier_code", "tracking_code", "question_code", "template_code", "action_code",
    "raw_status_code", "told_status_code", "told_signer_code", "value_code", "script_code",
)  # fmt: skip
"""Codes of others, and those with a topic of their own."""
SEEDS = range(4_400_000, 4_400_120)


def codes(data: Any) -> Iterator[tuple[str, str]]:
    if isinstance(data, list):
        for each in data:
            yield from codes(each)
    elif isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, str) and name.endswith("_code") and name not in NO_WORDS:
                yield name, value
            else:
                yield from codes(value)


def test_every_reason_that_is_announced_has_words() -> None:
    seen: set[tuple[str, str]] = set()
    for seed in SEEDS:
        _, world = generate(seed)
        for told in world.flow.told:
            if told.event.TYPE.startswith("aftersales."):
                seen.update(codes(told.event.model_dump(mode="json")))
    assert len(seen) > 80
    assert {code for _, code in seen} - set(catalogue.published("values")) == set()

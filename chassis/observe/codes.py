"""Counts codes of other parties that have no meaning for us, in a bounded number of labels."""

import re

from prometheus_client import Counter

OTHER = "other"
"""Stands for a code that is no plain word, and for all that come after the labels are used up."""
PAIRS_MAX = 100
_PLAIN = re.compile(r"(?!.*\d{5})[A-Za-z0-9][A-Za-z0-9_.:/ -]{0,39}")
"""A word that cannot be a number of a parcel, an order or a telephone."""


class Codes:
    """Counts in a counter whose last labels are the source and the code."""

    def __init__(self, counter: Counter, *before: str) -> None:
        self._counter = counter
        self._before = before
        self._pairs: set[tuple[str, str]] = set()

    def count(self, source: str, code: str, count: int = 1) -> None:
        """Counts one code. No label holds a sender's text, and no sender can fill the memory with labels."""
        pair = (plain(source), plain(code))
        if pair not in self._pairs:
            if len(self._pairs) >= PAIRS_MAX:
                pair = (OTHER, OTHER)
            else:
                self._pairs.add(pair)
        self._counter.labels(*self._before, *pair).inc(count)


def plain(word: str) -> str:
    """Keeps a short plain word; anything else is `other`."""
    return word if _PLAIN.fullmatch(word) else OTHER

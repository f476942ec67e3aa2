"""Changes a row of a pack by its key, whatever value stands there.

A test that names the value would fail with every other value, without having judged it.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.policy import PolicyError


def with_row(text: str, key: str, value: str) -> str:
    """Gives every row of that key another value, written as in the file. Fails where there is no such row."""
    changed, count = re.subn(rf"(?m)^{re.escape(key)} = .*$", f"{key} = {value}", text)
    assert count, key
    return changed


def without_row(text: str, key: str) -> str:
    """Removes every row of that key. Fails where there is none."""
    changed, count = re.subn(rf"(?m)^{re.escape(key)} = .*\n", "", text)
    assert count, key
    return changed


def check_refused(load: Callable[[str], object], file: Path, key: str, value: str | None, why: str) -> None:
    """Checks that a policy with another value in that row, or without it, is refused for that reason.

    `why` is a part of the error: the id of the rule that the number would break, or words.
    """
    text = file.read_text(encoding="utf-8")
    changed = without_row(text, key) if value is None else with_row(text, key, value)
    with pytest.raises(PolicyError, match=why):
        load(changed)

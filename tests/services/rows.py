"""Changes a row of a pack by its key, whatever value stands there.

A test that names the value would fail with every other value, without having judged it.
"""

import re


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

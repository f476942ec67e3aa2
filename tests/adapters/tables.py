"""The tables of adapters/README.md made from the code: `python -m tests.adapters.tables` writes them."""

import sys
from collections.abc import Iterator

from aftersales_adapters import aftership, easypost, kuaidi100
from aftersales_adapters.result import REMARKS
from aftersales_adapters.tracker import Vocabulary
from tests.architecture.tree import ROOT

README = ROOT / "adapters" / "README.md"
VOCABULARIES: tuple[tuple[str, Vocabulary], ...] = (
    ("EasyPost `status`", easypost.STATUSES),
    ("EasyPost `status_detail`", easypost.DETAILS),
    ("AfterShip `tag`", aftership.TAGS),
    ("AfterShip `subtag`", aftership.SUBTAGS),
    ("Kuaidi100 `statusCode`, `state`", kuaidi100.STATES),
)


def statuses() -> Iterator[str]:
    """A row per code of a sender: our status, reason and signer."""
    yield "| sender's field | code | status | reason | signed by |"
    yield "|---|---|---|---|---|"
    words = {code: text for text, code in kuaidi100.TEXTS.items()}
    for field, vocabulary in VOCABULARIES:
        for code, meaning in vocabulary.items():
            name = (
                f"`{code}` {words[code]}" if vocabulary is kuaidi100.STATES and code in words else f"`{code}`"
            )
            cells = (meaning.reason_code, None if meaning.signed_by is None else meaning.signed_by.value)
            told = " | ".join(f"`{cell}`" if cell else "" for cell in cells)
            yield f"| {field} | {name} | `{meaning.status.value}` | {told} |"


def remarks() -> Iterator[str]:
    """A row per word of a remark."""
    yield "| word | sense |"
    yield "|---|---|"
    for word, sense in REMARKS.items():
        yield f"| `{word}` | {sense} |"


def filled(text: str) -> str:
    """The document with its tables as the code has them now. Raises ValueError where a place is missing."""
    for name, rows in (("remarks", remarks()), ("statuses", statuses())):
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if start not in text or end not in text:
            raise ValueError(f"no place for the {name}")
        before, rest = text.split(start)
        joined = "\n".join(rows)
        text = f"{before}{start}{joined}\n{end}{rest.split(end, 1)[1]}"
    return text


def main() -> int:
    """Writes the tables."""
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

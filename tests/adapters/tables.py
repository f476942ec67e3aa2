"""The tables of adapters/README.md made from the code: `python -m tests.adapters.tables` writes them."""

import sys
from collections.abc import Iterator

from aftersales_adapters import aftership, easypost, kuaidi100
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


def filled(text: str) -> str:
    """The document with its table as the code has it now. Raises ValueError where the place is missing."""
    start, end = "<!-- statuses -->\n", "<!-- /statuses -->"
    if start not in text or end not in text:
        raise ValueError("no place for the statuses")
    before, rest = text.split(start)
    rows = "\n".join(statuses())
    return f"{before}{start}{rows}\n{end}{rest.split(end, 1)[1]}"


def main() -> int:
    """Writes the table."""
    README.write_text(filled(README.read_text("utf-8")), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

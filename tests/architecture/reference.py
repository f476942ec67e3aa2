"""The tables of docs/operations.md made from the code: every metric and every setting. `make docs`."""

import sys
from collections.abc import Iterator

from prometheus_client.metrics import MetricWrapperBase

from chassis.observe.metrics import Metrics
from chassis.observe.open_work import OpenWork
from chassis.settings import table
from tests.architecture.tree import ROOT

OPERATIONS = ROOT / "docs" / "operations.md"


def metrics() -> Iterator[str]:
    """A row per metric: name as Prometheus knows it, kind, labels, meaning."""
    yield "| metric | kind | labels | meaning |"
    yield "|---|---|---|---|"
    for metric in _metrics_of(Metrics("refunds")):
        (described,) = metric.describe()
        name = f"{described.name}_total" if described.type == "counter" else described.name
        labels = ", ".join(f"`{label}`" for label in metric._labelnames)
        yield f"| `{name}` | {described.type} | {labels} | {described.documentation} |"


def _metrics_of(holder: object) -> Iterator[MetricWrapperBase]:
    """The metrics that an object holds, those of an object within it too."""
    for held in vars(holder).values():
        if isinstance(held, MetricWrapperBase):
            yield held
        elif isinstance(held, OpenWork):
            yield from _metrics_of(held)


def settings() -> Iterator[str]:
    """A row per setting: variable, default, meaning."""
    yield "| variable | default | meaning |"
    yield "|---|---|---|"
    for variable, default, meaning in table():
        shown = f"`{default}`" if default else ""
        yield f"| `{variable}` | {shown} | {' '.join(meaning.split())} |"


def filled(text: str) -> str:
    """The document with its tables as the code has them now. Raises ValueError where a place is missing."""
    for name, rows in (("metrics", metrics()), ("settings", settings())):
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        if start not in text or end not in text:
            raise ValueError(f"{OPERATIONS.name} has no place for {name}")
        before, rest = text.split(start)
        text = f"{before}{start}{chr(10).join(rows)}\n{end}{rest.split(end, 1)[1]}"
    return text


def main() -> int:
    """Writes the tables."""
    text = OPERATIONS.read_text("utf-8")
    OPERATIONS.write_text(filled(text), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())

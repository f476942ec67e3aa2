"""The register of rules, docs/rules.csv: which rule is done, where its home is, which test shows it.

`state` and `note` are kept by hand, `where` and `test` come from the code: `make rules` (this file as a
program) brings them up to date, and the figure in README.md. A rule that has got a home and still says
`later` becomes `done`; `partly` stays until a hand changes it, and its note says what is missing.
"""

import csv
import importlib
import io
import pkgutil
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from kernel.rules import HOMES
from tests.architecture import tree

REGISTER = tree.ROOT / "docs" / "rules.csv"
RULE_ID = re.compile(r"\b(?:OR|RF|LG|RV|CU|CP|MT)-\d{3}\b")
STATES = ("done", "partly", "later", "person", "not_automated")
README = tree.ROOT / "README.md"
FIGURE = re.compile(r"\d+ of \d+ catalogued rules in full and \d+ in part")
"""The sentence of the README that says how far the rules are."""
TOTAL = re.compile(r"all \d+ rules")
"""The words of the README that name the size of the register."""
DATA = (".toml", ".csv")
NO_TESTS_OF_RULES = "tests/architecture/"


@dataclass(frozen=True)
class Row:
    """One rule of the register."""

    id: str
    state: str
    where: str
    test: str
    note: str


def load() -> list[Row]:
    """The register as it is."""
    with REGISTER.open(encoding="utf-8", newline="") as file:
        return [Row(**row) for row in csv.DictReader(file)]


def figure(rows: list[Row]) -> str:
    """The words of the README for this register."""
    states = [row.state for row in rows]
    return (
        f"{states.count('done')} of {len(rows)} catalogued rules in full and {states.count('partly')} in part"
    )


def written(rows: list[Row]) -> str:
    """The register as text."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(["id", "state", "where", "test", "note"])
    writer.writerows([row.id, row.state, row.where, row.test, row.note] for row in rows)
    return target.getvalue()


def refreshed(rows: list[Row]) -> list[Row]:
    """The same rules with `where` and `test` as the code says."""
    homes, tests = homes_of_rules(), tests_of_rules()
    return [
        _refreshed(row, "; ".join(homes.get(row.id, ())), "; ".join(tests.get(row.id, ()))) for row in rows
    ]


def _refreshed(row: Row, where: str, test: str) -> Row:
    state = "done" if where and row.state == "later" else row.state
    return replace(row, state=state, where=where, test=test, note="" if state != row.state else row.note)


def homes_of_rules() -> Mapping[str, list[str]]:
    """Rule id -> functions that are its home, and data files of services that carry its number."""
    import services

    for module in pkgutil.walk_packages(services.__path__, "services."):
        if not module.name.endswith("__main__") and ".migrations" not in module.name:
            importlib.import_module(module.name)
    found = {rule_id: _ours(names) for rule_id, names in HOMES.items()}
    homes = {rule_id: names for rule_id, names in found.items() if names}
    for path in tree.files():
        if path.suffix in DATA and tree.name(path).startswith("services/"):
            for rule_id in sorted(set(RULE_ID.findall(tree.text(path)))):
                homes.setdefault(rule_id, []).append(tree.name(path))
    return homes


def _ours(names: list[str]) -> list[str]:
    """The homes that are the product's; tests of the vocabulary register some of their own."""
    return sorted({name for name in names if not name.startswith("tests.")})


def tests_of_rules() -> Mapping[str, list[str]]:
    """Rule id -> test files that name it."""
    found: dict[str, list[str]] = {}
    for path in tree.python_files():
        name = tree.name(path)
        if name.startswith("tests/") and not name.startswith(NO_TESTS_OF_RULES):
            for rule_id in sorted(set(RULE_ID.findall(tree.text(path)))):
                found.setdefault(rule_id, []).append(name)
    return found


def main() -> int:
    """Brings the register up to date and says how many rules are in which state."""
    rows = refreshed(load())
    REGISTER.write_text(written(rows), "utf-8")
    told = FIGURE.sub(figure(rows), README.read_text("utf-8"))
    README.write_text(TOTAL.sub(f"all {len(rows)} rules", told), "utf-8")
    counts = {state: sum(row.state == state for row in rows) for state in STATES}
    print(", ".join(f"{state} {count}" for state, count in counts.items()))
    return 0


if __name__ == "__main__":
    sys.exit(main())

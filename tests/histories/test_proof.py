"""The report that is kept is what the command wrote, and speaks of the account as it is now."""

import json
from pathlib import Path

from tests.histories import crossings, planted, proof, report
from tests.histories.report import Figures

FOLDER = Path(__file__).parents[2] / proof.FOLDER
KEPT = proof.read(FOLDER)


def test_the_page_is_made_from_the_figures() -> None:
    assert (FOLDER / f"{proof.NAME}.md").read_text(encoding="utf-8") == proof.as_markdown(KEPT), (
        "run make histories N=... PROOF=docs/proof"
    )


def test_the_figures_are_of_this_account() -> None:
    """An invariant, a fault or a crossing that is new, or says something else, asks for another run."""
    assert {name: one["says"] for name, one in KEPT["invariants"].items()} == dict(report.NAMES)
    assert {name: one["invariant"] for name, one in KEPT["planted"].items()} == {
        name: fault.invariant for name, fault in planted.ALL.items()
    }
    assert {name: one["says"] for name, one in KEPT["crossings"].items()} == {
        name: crossing.says for name, crossing in crossings.ALL.items()
    }


def test_the_figures_add_up() -> None:
    assert sum(KEPT["verbs"].values()) == KEPT["actions"]
    assert sum(one["broken"] > 0 for one in KEPT["invariants"].values()) == len(
        {cause.split(":")[0] for cause in KEPT["by_cause"]}
    )
    assert bool(KEPT["broken"]) == bool(KEPT["by_cause"])
    assert max(one["judged"] for one in KEPT["invariants"].values()) > 0


def test_nothing_is_broken_and_every_fault_is_noticed() -> None:
    assert KEPT["broken"] == 0
    assert all(one["shows"] for one in KEPT["planted"].values())
    assert all(one["is_sound"] for one in KEPT["crossings"].values())


def test_what_is_broken_or_not_noticed_is_told(tmp_path: Path) -> None:
    run = Figures(history_count=1, broken_count=1, action_count=3, seed=7)
    run.by_cause["neither: lost"] = run.by_name["neither"] = 1
    run.first["neither: lost"] = (7, 1)
    kept = proof.figures(run, dict.fromkeys(planted.ALL), limit=9)
    proof.write(kept, tmp_path)
    page = (tmp_path / "histories.md").read_text(encoding="utf-8")
    assert "**1 broken**" in page
    assert "| neither: lost | 1 | 7 |" in page
    assert page.count("not in 9 |") == len(planted.ALL)
    assert proof.read(tmp_path) == json.loads(json.dumps(kept))

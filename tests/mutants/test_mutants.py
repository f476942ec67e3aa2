"""The tool finds what no test looks at, and does not accuse what one looks at."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mutants import conditions, equivalent, packs
from tests.mutants.__main__ import sample
from tests.mutants.bench import Bench, copy_project, fate_of, measure_reach
from tests.mutants.mutant import ROOT, Fate, Mutant
from tests.mutants.serve import Answer

RULE = '''"""Planted."""


def is_late(days: int, *, is_mall: bool) -> bool:
    if days > 3:
        return True
    return is_mall and days == 3


def is_long(days: int) -> bool:
    return days > 100
'''
TEST = '''"""Planted."""

from services.reviews import planted, policy

PACK = policy.load().get("taobao-classic@2014-01-01")


def test_late():
    assert planted.is_late(4, is_mall=False)
    assert not planted.is_late(3, is_mall=False)
    assert not planted.is_late(2, is_mall=True)


def test_report_days():
    assert PACK.report_days.days == 15
'''
PLANTED = "services/reviews/planted.py"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """A copy of the project with a rule of ours in it, looked at by a test of ours alone."""
    tree = tmp_path_factory.mktemp("mutants")
    copy_project(tree)
    (tree / PLANTED).write_text(RULE)
    (tree / "tests/services/reviews/test_planted.py").write_text(TEST)
    bench = Bench([tree], measure_reach(tree, ["tests/services/reviews/test_planted.py"]))
    yield bench
    bench.close()


@pytest.mark.parametrize(
    ("says", "fate"),
    [
        ("days > 3 -> days >= 3", Fate.CAUGHT),
        ("days > 3 -> days <= 3", Fate.CAUGHT),
        ("days > 3 -> False", Fate.CAUGHT),
        ("is_mall and days == 3 -> is_mall or days == 3", Fate.CAUGHT),
        ("days == 3 -> days != 3", Fate.CAUGHT),
        ("3 -> 4", Fate.CAUGHT),
        ("days > 100 -> days >= 100", Fate.UNREACHED),
    ],
)
def test_a_condition_is_judged_by_its_tests(bench: Bench, says: str, fate: Fate) -> None:
    [mutant] = [mutant for mutant in conditions.of_source(RULE, PLANTED) if mutant.says == says][:1]
    [verdict] = bench.judge([mutant])
    assert verdict.fate is fate
    assert (verdict.test == "tests/services/reviews/test_planted.py::test_late") is (fate is Fate.CAUGHT)


def test_a_boundary_without_a_test_survives(bench: Bench) -> None:
    """No test asks about a mall on the third day."""
    mutants = [mutant for mutant in conditions.of_source(RULE, PLANTED) if mutant.line == 7]
    survivors = [verdict.mutant.says for verdict in bench.judge(mutants) if verdict.fate is Fate.SURVIVED]
    assert "3 -> 4" in survivors
    assert "days == 3 -> days != 3" not in survivors


@pytest.mark.parametrize(
    ("says", "fate"),
    [
        ("taobao-classic@2014-01-01 report_days: 15 -> 16", Fate.CAUGHT),
        ("taobao-classic@2014-01-01 report_days: 15 -> 14", Fate.CAUGHT),
        ("taobao-classic@2014-01-01 report_days: removed", Fate.REFUSED),
        ("taobao-classic@2014-01-01 change_days: 30 -> 31", Fate.SURVIVED),
        ("shops olist*: removed", Fate.SURVIVED),
    ],
)
def test_a_number_is_judged_by_the_tests_of_its_service(bench: Bench, says: str, fate: Fate) -> None:
    [mutant] = [
        mutant for mutant in packs.mutants(ROOT) if mutant.says == says and mutant.service == "reviews"
    ]
    [verdict] = bench.judge([mutant])
    assert verdict.fate is fate


def test_an_unchanged_file_is_not_caught(bench: Bench) -> None:
    """The file is put back after each mutant."""
    unchanged = Mutant("none", "reviews", PLANTED, 1, "", "nothing", RULE)
    assert next(bench.judge([unchanged])).fate is not Fate.CAUGHT


def test_ends_of_pytest() -> None:
    assert fate_of(Answer(None)) is Fate.TIMEOUT
    assert fate_of(Answer(-11)) is Fate.CAUGHT
    assert fate_of(Answer(2, is_collected=False)) is Fate.REFUSED
    with pytest.raises(RuntimeError, match="5"):
        fate_of(Answer(5))


def test_every_mutant_of_a_pack_says_another_thing() -> None:
    """A text that reads like the original would be caught by nothing."""
    made = list(packs.mutants(ROOT))
    assert {mutant.service for mutant in made} == {"customers", "logistics", "refunds", "reviews"}
    assert all(mutant.text != (ROOT / mutant.file).read_text("utf-8") for mutant in made)
    assert len({(mutant.file, mutant.line, mutant.says, mutant.kind) for mutant in made}) == len(made)


def test_days_of_later_versions_move() -> None:
    text = '["a@2014-01-01"]\nx = 1\n["a@2015-02-01"]\nextends = "a@2014-01-01"\n'
    moved = [
        (m.says, m.line) for m in packs.of_toml(text, "services/x/policy.toml", []) if m.kind == "day moved"
    ]
    assert moved == [("a@2015-02-01 -> a@2015-02-02", 3), ("a@2015-02-01 -> a@2015-01-31", 3)]


def test_every_mutant_of_a_condition_reads_otherwise() -> None:
    file = "services/refunds/liability.py"
    source = (ROOT / file).read_text("utf-8")
    trees = [ast.dump(ast.parse(mutant.text)) for mutant in conditions.of_source(source, file)]
    assert trees
    assert ast.dump(ast.parse(source)) not in trees


def test_a_sample_stays_where_the_code_stays() -> None:
    made = list(conditions.mutants(ROOT))
    drawn = sample(made, 400, 1)
    assert len(drawn) == 400
    assert drawn == sample(made, 400, 1) != sample(made, 400, 2)
    lost = drawn[7]
    left = [mutant for mutant in made if mutant.file != lost.file or mutant.line != lost.line]
    kept = [mutant for mutant in drawn if mutant.file != lost.file]
    assert [mutant for mutant in sample(left, 400, 1) if mutant in kept] == kept


def test_every_equivalent_mutant_still_exists() -> None:
    made = [*packs.mutants(ROOT), *conditions.mutants(ROOT)]
    assert equivalent.gone(equivalent.load(), made) == set()


def test_a_mutant_is_found_where_it_stands() -> None:
    """Places are relative to the project, and the line holds what is changed."""
    for mutant in packs.mutants(ROOT):
        lines = (ROOT / mutant.file).read_text("utf-8").splitlines()
        assert lines[mutant.line - 1].strip() == mutant.line_text
        assert Path(mutant.file).parts[0] == "services"

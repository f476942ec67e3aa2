"""Every patch still finds what it changes."""

import subprocess
import sys

import pytest

from tests.faults.proof.mutants import MUTANTS
from tests.faults.proof.nemesis import KINDS
from tests.faults.proof.seams import replace, replace_text, seam

TRY = """
import sys
from tests.faults.proof import patched
from tests.faults.proof.mutants import MUTANTS
patched._place_failpoints(__import__("pathlib").Path("none"))
for name in sys.argv[1:]:
    MUTANTS[name].apply()
"""


@pytest.mark.parametrize("name", sorted(MUTANTS))
def test_a_mutant_finds_what_it_changes(name: str) -> None:
    """In a process of its own, so that no other test meets the mutant."""
    done = subprocess.run([sys.executable, "-c", TRY, name], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_a_mutant_names_only_faults_that_there_are() -> None:
    assert len(MUTANTS) >= 12
    assert {kind for mutant in MUTANTS.values() for kind in mutant.kinds} <= KINDS.keys()


def test_a_seam_that_is_gone_is_told_of() -> None:
    class Owner:
        text = "one two two"

    with pytest.raises(AttributeError, match="needs a new place"):
        seam(Owner, "other")
    with pytest.raises(AttributeError, match="needs a new place"):
        replace(Owner, "other", 1)
    for part in ("three", "two"):
        with pytest.raises(LookupError, match="needs a new place"):
            replace_text(Owner, "text", part, "")
    replace_text(Owner, "text", "one", "1")
    assert Owner.text == "1 two two"

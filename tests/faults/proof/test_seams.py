"""Every patch still finds what it changes."""

import subprocess
import sys

import pytest

from cli.stack import ROOT
from tests.faults.proof.mutants import MUTANTS
from tests.faults.proof.nemesis import KINDS
from tests.faults.proof.seams import replace, replace_text, seam

TRY = """
import os, pathlib, traceback
from tests.faults.proof import patched
from tests.faults.proof.mutants import MUTANTS
patched._place_failpoints(pathlib.Path("none"))
for name, mutant in MUTANTS.items():
    if os.fork() == 0:  # each in a process of its own, none of which imports everything anew
        try:
            mutant.apply()
        except Exception:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    print(name, os.waitstatus_to_exitcode(os.wait()[1]), flush=True)
"""


def test_every_mutant_and_failpoint_finds_what_it_changes() -> None:
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:-1] == [f"{name} 0" for name in MUTANTS], done.stderr


def test_a_mutant_names_only_faults_that_there_are() -> None:
    assert len(MUTANTS) >= 12
    assert {kind for mutant in MUTANTS.values() for kind in mutant.kinds} <= KINDS.keys()


def test_the_documentation_names_every_fault_and_every_mutant() -> None:
    text = (ROOT / "docs" / "faults.md").read_text("utf-8")
    assert [name for name in (*KINDS, *MUTANTS) if f"`{name}`" not in text] == []


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

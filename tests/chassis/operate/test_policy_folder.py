"""The operator's folder of packs: which files are read, which are refused, and why."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chassis.operate.policy_folder import with_packs
from chassis.settings import Settings
from kernel.packs import Fault, PolicyError
from kernel.policy import PolicyBook
from services.refunds.service import REFUNDS
from services.reviews.service import REVIEWS
from tests.architecture.tree import ROOT
from tests.chassis import toy

NOW = datetime(2026, 6, 1, tzinfo=UTC)
NOBODY = 65_534
PACK = """
[shops]
"tm:1" = "mine"

["mine@2026-01-01"]
extends = "taobao-classic@2014-01-01"
agreement = { edit_days = 9 }
"""
KNOWN = "refunds.toml, logistics.toml, reviews.toml, customers.toml"


def faults_of(folder: Path) -> tuple[Fault, ...]:
    with pytest.raises(PolicyError) as caught:
        with_packs(REFUNDS, folder)
    return caught.value.faults


def test_a_file_of_the_folder_lies_over_the_package(tmp_path: Path) -> None:
    (tmp_path / "refunds.toml").write_text(PACK)
    policies = with_packs(REFUNDS, tmp_path).policies
    name, policy = policies.choose("tm:1", NOW)
    assert (name, policy.agreement.edit_days) == ("mine@2026-01-01", timedelta(days=9))
    assert policies.choose("tm:2", NOW)[0] == "taobao-classic@2014-01-01"
    assert with_packs(REVIEWS, tmp_path).policies.choose("tm:1", NOW)[0] == "taobao-classic@2014-01-01"


@pytest.mark.parametrize("is_named", [True, False])
def test_without_a_file_the_package_holds(tmp_path: Path, is_named: bool) -> None:
    policies = with_packs(REFUNDS, tmp_path if is_named else None).policies
    assert policies.choose("tm:1", NOW) == REFUNDS.policies.choose("tm:1", NOW)
    assert policies is not REFUNDS.policies, "what a process learns later is nobody else's"


def test_hidden_entries_are_nobodys_business(tmp_path: Path) -> None:
    """Kubernetes mounts a folder `..data` and links into it."""
    (tmp_path / "..data").mkdir()
    (tmp_path / "..data" / "refunds.toml").write_text(PACK)
    (tmp_path / "refunds.toml").symlink_to(tmp_path / "..data" / "refunds.toml")
    (tmp_path / ".gitkeep").touch()
    assert with_packs(REFUNDS, tmp_path).policies.choose("tm:1", NOW)[0] == "mine@2026-01-01"


def test_a_file_of_another_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "refund.toml").write_text(PACK)
    (tmp_path / "logistics.toml").mkdir()
    reason = f"is none of the files of packs: {KNOWN}"
    assert faults_of(tmp_path) == (
        Fault(f"{tmp_path}/logistics.toml", "", reason),
        Fault(f"{tmp_path}/refund.toml", "", reason),
    )


def test_no_folder_is_refused(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert faults_of(gone) == (Fault(str(gone), "", "is not a folder that can be read"),)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "refunds.toml"
    path.write_bytes(b"\xff\xfe")
    assert faults_of(tmp_path) == (Fault(str(path), "", "not TOML: not UTF-8"),)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "refunds.toml"
    path.write_text("#" * (1024 * 1024 + 1))
    assert faults_of(tmp_path) == (Fault(str(path), "", "is larger than 1048576 bytes"),)


@contextmanager
def without_rights() -> Generator[None]:
    """Takes the rights of root away for a while, which reads every file."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_a_file_that_may_not_be_read_is_refused() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        path = Path(folder) / "refunds.toml"
        path.touch(0)
        with without_rights():
            assert faults_of(Path(folder)) == (Fault(str(path), "", "cannot be read (PermissionError)"),)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "notes.md").touch()
    path = tmp_path / "refunds.toml"
    path.write_text(PACK.replace("edit_days", "edit_hours"))
    assert faults_of(tmp_path)[1:] == (
        Fault(str(path), '"mine@2026-01-01".agreement.edit_hours', "no such number; there is edit_days"),
    )


def test_a_service_with_one_policy_for_all_has_no_packs(tmp_path: Path) -> None:
    (tmp_path / "refunds.toml").write_text(PACK)
    assert with_packs(toy.TOY, tmp_path) is toy.TOY


def test_an_empty_setting_names_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFTERSALES_POLICIES", "")
    assert Settings().policies is None


def test_a_service_with_wrong_packs_ends_and_says_file_key_and_reason(tmp_path: Path) -> None:
    """The real program; it needs neither broker nor database to find out."""
    path = tmp_path / "refunds.toml"
    path.write_text(PACK.replace("edit_days", "edit_hours").replace('"tm:1" = "mine"', '"tm:1" = "nobody"'))
    done = subprocess.run(
        [sys.executable, "-m", "services.refunds"],
        env={
            **{name: value for name, value in os.environ.items() if not name.startswith("AFTERSALES_")},
            "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "contracts")]),
            "AFTERSALES_POLICIES": str(tmp_path),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 1
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    assert [(line["policy_file"], line["policy_key"], line["policy_reason"]) for line in lines] == [
        (str(path), 'shops."tm:1"', "no pack 'nobody'"),
        (str(path), '"mine@2026-01-01".agreement.edit_hours', "no such number; there is edit_days"),
    ]


def test_the_book_of_a_service_is_a_book_of_packs() -> None:
    """Else it would neither be laid over nor kept."""
    assert isinstance(REFUNDS.policies, PolicyBook)

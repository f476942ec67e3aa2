"""The guides' examples of packs: the file is right and does what its text says, the overlay mounts it."""

import json
import re
import shutil
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from aftersales_contracts.topics import SERVICES
from chassis.operate.policy_folder import with_packs
from cli.main import app
from services.refunds.service import REFUNDS
from tests.architecture.tree import ROOT, text

OPERATIONS = ROOT / "docs" / "operations.md"
GUIDE = ROOT / "deploy" / "README.md"
SHOP = "tb:shop-7"


def block(path: Path, before: str) -> str:
    """The indented block behind a text of a guide."""
    (found,) = re.findall(re.escape(before) + r"\n\n((?:    .*\n|\n)+)", text(path))
    return dedent(found)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "packs"
    made.mkdir()
    (made / "refunds.toml").write_text(block(OPERATIONS, "and from March on ten; `refunds.toml`:"))
    return made


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["policy", *map(str, arguments)])
    assert result.exit_code == 0, result.output
    return result.stdout


@pytest.mark.parametrize(
    ("shop_id", "day", "edit_days"),
    [
        (SHOP, datetime(2026, 2, 28, tzinfo=UTC), 9),
        (SHOP, datetime(2026, 3, 1, tzinfo=UTC), 10),
        ("tb:shop-8", datetime(2026, 3, 1, tzinfo=UTC), 7),
    ],
)
def test_the_file_does_what_the_guide_says(folder: Path, shop_id: str, day: datetime, edit_days: int) -> None:
    _, policy = with_packs(REFUNDS, folder).policies.choose(shop_id, day)
    assert policy.agreement.edit_days == timedelta(days=edit_days)


def test_the_commands_of_the_guide_work_on_it(folder: Path) -> None:
    guide = text(OPERATIONS)
    commands = re.findall(r"^    aftersales policy ([^#\n]+)", guide, re.MULTILINE)
    assert len(commands) == 6
    for command in commands:
        if "--database" in command:  # needs the stack
            continue
        words = re.sub(r"OLD-DIR|NEW-DIR|DIR", str(folder), command).split()
        assert run(*words)
    shown = json.loads(run("show", SHOP, "--at", "2026-03-01", "--policies", folder, "--json"))
    (refunds,) = [one for one in shown if one["service"] == "refunds"]
    assert refunds["version"] == "patient@2026-03-01"


def test_the_overlay_of_the_guide_mounts_the_packs_under_a_name_of_their_own(
    folder: Path, tmp_path: Path
) -> None:
    """By the real kustomize; the name changes with the content, so a change replaces the pods."""
    if shutil.which("kubectl") is None:
        pytest.skip("kubectl is not installed")
    shutil.copytree(ROOT / "deploy" / "kubernetes", tmp_path / "kubernetes")
    overlay = block(GUIDE, "`kustomization.yaml` beside your `refunds.toml`:")
    (folder / "kustomization.yaml").write_text(overlay)
    first = rendered(folder)
    (folder / "refunds.toml").write_text("")
    assert rendered(folder) != first


def rendered(folder: Path) -> str:
    """The name of the ConfigMap that every service mounts. Raises AssertionError where they differ."""
    done = subprocess.run(
        ["kubectl", "kustomize", str(folder)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    documents: list[dict[str, Any]] = list(yaml.safe_load_all(done.stdout))
    (packs,) = [
        each["metadata"]
        for each in documents
        if each["kind"] == "ConfigMap" and each["metadata"]["name"].startswith("policies")
    ]
    mounted = {
        each["metadata"]["name"]: volume["configMap"]["name"]
        for each in documents
        if each["kind"] == "Deployment"
        for volume in each["spec"]["template"]["spec"]["volumes"]
        if volume["name"] == "policies"
    }
    assert mounted == dict.fromkeys((*SERVICES, "operator"), packs["name"])
    assert packs["namespace"] == "aftersales"
    return str(packs["name"])

"""Alert rules: promtool accepts them, each fires in a test of its own, and says where to read on."""

import json
import re
from typing import Any

import pytest
import yaml

from chassis.observe.metrics import Metrics
from cli.receiver import Counts
from tests.observability import engine

RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((engine.FOLDER / "alerts.yaml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
OPERATIONS = engine.ROOT / "docs" / "operations.md"
OURS = re.compile(r"\b(?:aftersales|process|python)_[a-z_]+")
SUFFIXES = ("_total", "_bucket", "_sum", "_count", "")


def anchors() -> set[str]:
    """The headings of docs/operations.md as GitHub links to them."""
    headings = re.findall(r"^#+ (.+)$", OPERATIONS.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def known() -> set[str]:
    """The name of every series that a process exposes."""
    return {
        f"{metric.name}{suffix}"
        for registry in (Metrics("refunds").registry, Counts().registry)
        for metric in registry.collect()
        for suffix in (*SUFFIXES, "_created")
    }


@pytest.mark.parametrize("rule", RULES, ids=[f"{rule['alert']}-{n}" for n, rule in enumerate(RULES)])
def test_every_alert_says_how_urgent_it_is_and_what_to_do(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    page, _, anchor = rule["annotations"]["runbook"].partition("#")
    assert engine.ROOT / page == OPERATIONS
    assert anchor in anchors()
    assert set(OURS.findall(rule["expr"])) <= known()


def test_every_alert_has_a_case_in_which_it_fires() -> None:
    tests = yaml.safe_load(
        (engine.FOLDER.parents[1] / "tests/observability/alerts_test.yaml").read_text("utf-8")
    )
    named = json.dumps(tests)
    expected = {rule["alert"] for rule in RULES}
    covered = set(re.findall(r"alertname=?[\\\": ]+(\w+)", named))
    assert expected <= covered


@pytest.mark.containers
def test_promtool_accepts_the_configuration_and_the_rules_fire_as_they_should() -> None:
    engine.need()
    for arguments in (
        ("check", "config", "/etc/prometheus/prometheus.yaml"),
        ("check", "rules", "/rules/alerts.yaml"),
        ("test", "rules", "/tests/alerts_test.yaml"),
    ):
        done = engine.promtool(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr

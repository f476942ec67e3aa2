"""`aftersales policy`: which numbers hold for a shop and where from, what is wrong, what differs."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from cli import policy
from cli.errors import CommandError
from cli.main import app
from cli.policy import FOLDER

PACKS = {
    "refunds": """
[shops]
"tm:1" = "mine"

["mine@2026-01-01"]
extends = "taobao-classic@2014-01-01"
agreement = { edit_days = 9 }

["mine@2026-03-01"]
extends = "mine@2026-01-01"
late = { reasons = ["late_shipment"] }
""",
    "reviews": '["mine@2026-01-01"]\nextends = "taobao-classic@2014-01-01"\nwindow_days = 20\n',
}


@pytest.fixture(autouse=True)
def no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FOLDER, raising=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "packs"
    made.mkdir()
    for service, text in PACKS.items():
        (made / f"{service}.toml").write_text(text)
    return made


def run(*arguments: object, status: int = 0) -> Result:
    result = CliRunner().invoke(app, ["policy", *map(str, arguments)], env={"COLUMNS": "200"})
    assert result.exit_code == status, result.output
    return result


def said(*arguments: object, status: int = 0) -> Any:
    return json.loads(run(*arguments, "--json", status=status).stdout)


def test_list_names_every_version_and_its_shops(folder: Path) -> None:
    found = {(one["service"], one["version"]): one for one in said("list", "--policies", folder)}
    assert found["refunds", "mine@2026-03-01"] == {
        "service": "refunds",
        "version": "mine@2026-03-01",
        "since": "2026-03-01 00:00:00+00:00",
        "extends": "mine@2026-01-01",
        "file": f"{folder}/refunds.toml",
        "shops": ["tm:1"],
    }
    assert found["customers", "world-market@2014-01-01"]["file"] == "the package"
    shown = run("list", "--policies", folder).stdout
    assert "mine@2026-03-01" in shown
    assert "olist*" in shown


@pytest.mark.parametrize(
    ("at", "version", "reasons"),
    [
        ("2026-02-28", "mine@2026-01-01", ["late_shipment", "out_of_stock"]),
        ("2026-02-28T23:59:59", "mine@2026-01-01", ["late_shipment", "out_of_stock"]),
        ("2026-03-01", "mine@2026-03-01", ["late_shipment"]),
    ],
)
def test_show_gives_the_version_of_the_day_and_the_origin_of_each_number(
    folder: Path, at: str, version: str, reasons: list[str]
) -> None:
    found = {one["service"]: one for one in said("show", "tm:1", "--at", at, "--policies", folder)}
    refunds = found["refunds"]
    assert (refunds["version"], refunds["pattern"]) == (version, "tm:1")
    numbers = {one["key"]: one for one in refunds["numbers"]}
    assert numbers["agreement.edit_days"] == {
        "key": "agreement.edit_days",
        "value": 9,
        "version": "mine@2026-01-01",
        "file": f"{folder}/refunds.toml",
    }
    assert numbers["agreement.send_days"]["version"] == "taobao-classic@2014-01-01"
    assert numbers["agreement.send_days"]["file"] == "the package"
    assert numbers["late.reasons"]["value"] == reasons
    assert found["reviews"]["version"] == "taobao-classic@2014-01-01", "a pack without a shop"


def test_show_on_a_terminal_names_version_pattern_and_numbers(folder: Path) -> None:
    shown = run("show", "tm:1", "--at", "2026-02-01", "--policies", folder).stdout
    assert f'refunds mine@2026-01-01 ({folder}/refunds.toml), because "tm:1" fits' in shown.replace("\n", "")
    assert "agreement.edit_days" in shown


def test_without_a_moment_today_counts(folder: Path) -> None:
    assert {one["service"] for one in said("show", "olist-7")} == {
        "refunds",
        "logistics",
        "reviews",
        "customers",
    }
    assert {one["version"] for one in said("show", "olist-7")} >= {"world-market@2014-01-01"}


def test_the_folder_of_the_settings_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(folder))
    assert "mine@2026-01-01" in {one["version"] for one in said("list")}
    assert policy.environment() == {FOLDER: str(folder.resolve())}


def test_services_of_run_and_demo_get_no_folder_where_none_is_set() -> None:
    assert policy.environment() == {}


def test_run_and_demo_stop_before_anything_starts_where_packs_are_wrong(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "reviews.toml").write_text("[wrong]\n")
    monkeypatch.setenv(FOLDER, str(folder))
    with pytest.raises(CommandError) as caught:
        policy.environment()
    assert str(caught.value).splitlines() == [
        "policies are refused",
        f"{folder}/reviews.toml: wrong: is not pack@YYYY-MM-DD, a day of the calendar",
    ]
    result = CliRunner().invoke(app, ["run"])
    assert result.exit_code == 1
    assert "reviews.toml: wrong: is not" in result.stderr.replace("\n", "")
    assert "starting Kafka" not in result.output


def test_check_of_a_good_folder_says_so(folder: Path) -> None:
    assert "nothing is wrong" in run("check", folder).stdout
    assert said("check", folder) == []


def test_check_tells_all_faults_of_all_files(folder: Path) -> None:
    (folder / "refunds.toml").write_text(PACKS["refunds"].replace("edit_days", "edit_hours"))
    (folder / "logistics.toml").write_text('[shops]\n"a" = "b"\n["c@2026-01-01"]\nextends = "d@2026-01-01"\n')
    (folder / "reviews.toml").write_text("[shops")
    (folder / "refund.toml").touch()
    found = {(one["file"], one["key"]) for one in said("check", folder, status=1)}
    assert found == {
        (f"{folder}/refund.toml", ""),
        (f"{folder}/refunds.toml", '"mine@2026-01-01".agreement.edit_hours'),
        (f"{folder}/logistics.toml", "shops.a"),
        (f"{folder}/logistics.toml", '"c@2026-01-01".extends'),
        (f"{folder}/reviews.toml", ""),
    }
    told = run("check", folder, status=1).stderr
    assert f'{folder}/refunds.toml: "mine@2026-01-01".agreement.edit_hours: no such number' in told
    assert len(told.splitlines()) == 5


def test_check_of_no_folder_is_a_fault(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert said("check", gone, status=1) == [
        {"file": str(gone), "key": "", "reason": "is not a folder that can be read"}
    ]


def test_diff_of_two_versions_names_the_keys_that_differ(folder: Path) -> None:
    found = said("diff", "taobao-classic@2014-01-01", "mine@2026-01-01", "--policies", folder)
    own = [one for one in found if one["service"] in {"refunds", "reviews"}]
    assert own == [
        {"service": "refunds", "key": "agreement.edit_days", "before": 7, "after": 9},
        {"service": "reviews", "key": "window_days", "before": 15, "after": 20},
    ]
    without = [one["after"] for one in found if one["service"] == "customers"]
    assert set(without) == {None}, "it has no such version"


def test_diff_of_two_folders_goes_key_by_key(folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    text = PACKS["refunds"].partition('["mine@2026-03-01"]')[0].replace('"tm:1"', '"tm:2"')
    (other / "refunds.toml").write_text(text.replace("edit_days = 9", "edit_days = 8"))
    (other / "reviews.toml").write_text(PACKS["reviews"])
    changes = said("diff", folder, other)
    found = {(one["service"], one["key"]): (one["before"], one["after"]) for one in changes}
    newer = {key: sides for key, sides in found.items() if '"mine@2026-03-01"' in key[1]}
    assert {key: sides for key, sides in found.items() if key not in newer} == {
        ("refunds", 'shops."tm:1"'): ("mine", None),
        ("refunds", 'shops."tm:2"'): (None, "mine"),
        ("refunds", '"mine@2026-01-01".agreement.edit_days'): (9, 8),
    }
    assert newer["refunds", '"mine@2026-03-01".extends'] == ("mine@2026-01-01", None)
    assert newer["refunds", '"mine@2026-03-01".late.reasons'] == (["late_shipment"], None)
    assert said("diff", folder, folder) == []
    assert "no number differs" in run("diff", folder, folder).stdout
    assert "agreement.edit_days" in run("diff", folder, other).stdout


@pytest.mark.parametrize(
    ("sides", "complaint"),
    [
        (("mine@2026-01-01", "taobao-classic@2014-01-01"), "neither a folder nor a version: mine@2026-01-01"),
        ((".", "taobao-classic@2014-01-01"), "one of these is a folder"),
    ],
)
def test_diff_of_what_is_not_there_says_so(sides: tuple[str, str], complaint: str) -> None:
    assert complaint in run("diff", *sides, status=1).stderr.replace("\n", "")


def test_brackets_of_a_fault_are_shown_as_they_are(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "refunds.toml").write_text("shops = 3\n")
    assert "neither [shops] nor a table" in run("check", folder, status=1).stderr
    monkeypatch.setenv(FOLDER, str(folder))
    assert "neither [shops] nor a table" in run("list", status=1).stderr.replace("\n", " ")

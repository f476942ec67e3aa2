"""Where the stack's programs come from, and what is said when one is missing."""

import hashlib
import socket
from pathlib import Path

import pytest

import devstack
from devstack import jars, java, owner, ports, stack
from devstack.errors import StackError
from devstack.part import Owner


def machine_java(folder: Path, version: str) -> Path:
    """A JAVA_HOME whose Java says that it is of that version."""
    program = folder / "bin" / "java"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2020-01-01' >&2\n")
    program.chmod(0o755)
    return program


def test_every_cached_jar_is_the_locked_one() -> None:
    folder = jars.fetch()
    digests = {
        jar.file_name: hashlib.sha256((folder / jar.file_name).read_bytes()).hexdigest()
        for jar in jars.locked()
    }
    assert digests == {jar.file_name: jar.sha256 for jar in jars.locked()}
    assert "kafka_2.13-4.3.1.jar" in digests


@pytest.mark.parametrize("version", ["17.0.15", "21", "25.0.2"])
def test_a_new_enough_java_of_the_machine_is_taken(
    version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    program = machine_java(tmp_path, version)
    assert java._of_the_machine() == program


@pytest.mark.parametrize("version", ["1.8.0_402", "11.0.2"])
def test_an_old_java_is_refused(version: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    machine_java(tmp_path, version)
    with pytest.raises(devstack.PartMissing, match="too old"):
        java._of_the_machine()


def test_without_java_it_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(devstack.PartMissing, match="JAVA_HOME"):
        java._of_the_machine()


def test_an_ordinary_user_runs_postgres_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert owner.choose() is None


def test_root_needs_another_user_for_postgres(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 0)
    chosen = owner.choose()
    assert chosen is not None
    assert chosen.user_id != 0
    for name in ("root", "no-such-user-here"):
        monkeypatch.setenv(owner.NAME_SETTING, name)
        with pytest.raises(devstack.PartMissing, match=owner.NAME_SETTING):
            owner.choose()


def test_a_closed_folder_on_the_way_is_noticed(tmp_path: Path) -> None:
    stranger = Owner("stranger", 64_999, 64_999)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o001:
            folder.chmod(0o711)
    closed = tmp_path / "closed"
    (closed / "inside").mkdir(parents=True)
    closed.chmod(0o755)
    assert owner.reaches(closed / "inside" / "file", stranger)
    closed.chmod(0o700)
    assert not owner.reaches(closed / "inside" / "file", stranger)
    assert owner.reaches(closed / "inside" / "file", None)


def test_a_port_that_was_given_and_is_not_used_yet_is_not_given_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def is_free(port: int) -> bool:
        return port != 20_002

    monkeypatch.setattr(ports, "FIRST", 20_000)
    monkeypatch.setattr(ports, "LAST", 20_010)
    monkeypatch.setattr(ports, "_given", {20_000, 20_001})
    monkeypatch.setattr(ports, "is_free", is_free)
    found = [*ports.free(4), *ports.free(3)]
    assert sorted(found) == list(range(20_003, 20_010))
    with pytest.raises(StackError):
        ports.free(1)


def test_the_broker_stands_at_the_wanted_port_or_at_another_where_that_is_taken(
    tmp_path: Path,
) -> None:
    """P10: `make run` is at the port that the contracts name; a program that has it already keeps it."""
    (wanted,) = ports.free(1)
    assert stack._layout(tmp_path, wanted).kafka_port == wanted
    with socket.create_server(("127.0.0.1", wanted)):
        other = stack._layout(tmp_path, wanted)
        assert other.kafka_port != wanted
        assert stack._layout(tmp_path, wanted).kafka_port == other.kafka_port, "the kept one"
        with pytest.raises(StackError, match="in use"), socket.create_server(("127.0.0.1", other.kafka_port)):
            stack._layout(tmp_path)
    again = stack._layout(tmp_path, wanted)
    assert again.kafka_port == wanted, "it is free again"
    assert again.password == other.password
    assert stack._layout(tmp_path).kafka_port == wanted

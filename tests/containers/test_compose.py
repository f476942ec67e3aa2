"""`docker compose up` as the operator's guide says it: healthy, of use, confined, and its data outlive it."""

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.containers import engine
from tests.containers.compose import ONE_SHOTS, SERVICES, Compose, made

UP_SECONDS = 90
"""The promise, for a machine with two cores that does nothing else."""
COUNTS = " UNION ALL ".join(
    f"SELECT '{name}', (SELECT count(*) FROM {name}.cases), (SELECT count(*) FROM {name}.facts),"
    f" (SELECT sum(next_offset) FROM {name}.intake)"
    for name in SERVICES
)


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Compose]:
    """The project, up once for all tests of this file."""
    project = made("aftersales-test", ["compose.yaml"], tmp_path_factory.mktemp("compose"))
    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    try:
        took = project.up()
        engine.tell(f"compose: all healthy in {took:.0f} s{' on a busy machine' if is_busy else ''}")
        assert took < UP_SECONDS * (4 if is_busy else 1)
        yield project
    finally:
        project.down(with_data=True)


def test_everything_is_healthy_and_the_one_shots_are_done(compose: Compose) -> None:
    """`up --wait` says so by its status; here it is looked at, container by container."""
    for name, container in compose.containers().items():
        state = container["State"]
        if name in ONE_SHOTS:
            assert (state["Status"], state["ExitCode"]) == ("exited", 0), name
        else:
            assert (state["Status"], state["Health"]["Status"]) == ("running", "healthy"), name
    assert {*SERVICES, *ONE_SHOTS, "kafka", "postgres"} == set(compose.containers())


def test_the_sample_gives_its_outcome(compose: Compose) -> None:
    """The documented command publishes an order and shows what the services decided about it."""
    said = compose("run", "--rm", "cli", "sample")
    assert "aftersales.refund.opened.v1" in said, said


def test_containers_are_confined(compose: Compose) -> None:
    """Nobody is root or can become it, nothing can be written beside the volumes, ports are on loopback."""
    for name, container in compose.containers().items():
        host = container["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert "no-new-privileges:true" in host["SecurityOpt"], name
        assert not host["Privileged"], name
        assert not host["CapAdd"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        assert host["LogConfig"]["Config"].get("max-size"), name
        assert container["Config"]["User"].split(":")[0] not in {"", "0", "root"}, name
        assert host["RestartPolicy"]["Name"] == ("no" if name in ONE_SHOTS else "unless-stopped"), name
        for bound in (host["PortBindings"] or {}).values():
            assert {each["HostIp"] for each in bound} == {"127.0.0.1"}, name


def test_a_service_runs_without_rights(compose: Compose) -> None:
    """What the settings promise is what its processes see."""
    look = "import os; print(os.getuid(), os.getgid())\nopen('/app/chassis/clock.py', 'a')"
    for name in SERVICES:
        done = compose.run("exec", "--no-TTY", name, "python", "-c", look)
        assert done.stdout.split() == ["10001", "10001"]
        assert "Read-only file system" in done.stderr or "Permission denied" in done.stderr
        status = compose("exec", "--no-TTY", name, "cat", "/proc/1/status")
        fields: dict[str, Any] = dict(line.split(":", 1) for line in status.splitlines())
        assert int(fields["CapEff"], 16) == 0
        assert fields["NoNewPrivs"].strip() == "1"


def test_down_and_up_again_keeps_everything(compose: Compose) -> None:
    """Cases, facts and places in the topics; and a new sample is handled beside the old one."""
    compose("run", "--rm", "cli", "sample")
    before = counts(compose)
    assert before["refunds"][0] > 0
    compose.down(with_data=False)
    assert compose("ps", "--all", "--quiet") == ""
    took = compose.up()
    engine.tell(f"compose: healthy again in {took:.0f} s")
    after = counts(compose)
    assert {name: numbers[:2] for name, numbers in after.items()} == {
        name: numbers[:2] for name, numbers in before.items()
    }
    compose("run", "--rm", "cli", "sample")
    assert counts(compose)["refunds"][0] > after["refunds"][0]


def counts(compose: Compose) -> dict[str, tuple[int, ...]]:
    """Service -> cases, facts, records read."""
    rows = [line.split("|") for line in compose.sql(COUNTS).splitlines()]
    return {name: tuple(int(number) for number in numbers) for name, *numbers in rows}

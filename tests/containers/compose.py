"""The compose files of deploy/, as a project of its own: own name, own secrets, own port."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import Any

from chassis import clock
from devstack import ports
from tests.containers import engine

DEPLOY = engine.ROOT / "deploy"
UP_LIMIT_SECONDS = 400
SERVICES = ("refunds", "logistics", "reviews", "customers")
ONE_SHOTS = ("topics", "migrations")
PORT_SETTINGS = ("KAFKA_PORT", "KAFKA_2_PORT", "KAFKA_3_PORT")


@dataclass
class Compose:
    """One project; `files` of deploy/ one over the other."""

    name: str
    files: Sequence[str]
    secrets: Path
    ports: Sequence[int]
    """On the machine, of up to three brokers."""
    postgres_image: str = "postgres:18"
    policies: Path | None = None
    """Folder of packs; else the empty one of deploy/."""

    def __call__(self, *arguments: str, limit_seconds: float = UP_LIMIT_SECONDS) -> str:
        """Returns the output of `docker compose ...`. Raises AssertionError with the complaint on failure."""
        done = self.run(*arguments, limit_seconds=limit_seconds)
        assert done.returncode == 0, f"compose {arguments}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return done.stdout

    def run(
        self, *arguments: str, limit_seconds: float = UP_LIMIT_SECONDS
    ) -> subprocess.CompletedProcess[str]:
        """`docker compose ...`, whatever becomes of it."""
        files = [word for name in self.files for word in ("--file", str(DEPLOY / name))]
        return subprocess.run(
            ["docker", "compose", "--project-name", self.name, *files, *arguments],
            capture_output=True,
            text=True,
            timeout=limit_seconds,
            check=False,
            cwd=engine.ROOT,
            env={
                **os.environ,
                "AFTERSALES_IMAGE": engine.project_image(),
                "AFTERSALES_SECRETS": str(self.secrets),
                **dict(zip(PORT_SETTINGS, map(str, self.ports), strict=True)),
                "POSTGRES_IMAGE": self.postgres_image,
                "AFTERSALES_POLICIES": str(self.policies or DEPLOY / "policies"),
            },
        )

    def up(self) -> float:
        """Starts all that is not in a profile; returns the seconds until all of it was healthy."""
        began = clock.monotonic()
        done = self.run("up", "--detach", "--wait", "--wait-timeout", str(UP_LIMIT_SECONDS))
        assert done.returncode == 0, done.stderr[-4000:] + self.run("logs", "--tail", "30").stdout[-8000:]
        return clock.monotonic() - began

    def containers(self) -> dict[str, dict[str, Any]]:
        """`docker inspect` of every container of the project, by the service's name."""
        ids = self("ps", "--all", "--quiet").split()
        found: list[dict[str, Any]] = json.loads(engine.docker("inspect", *ids))
        return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}

    def sql(self, statement: str) -> str:
        """Returns the database's answer to its superuser, without decoration."""
        return self(
            "exec", "--no-TTY", "postgres", "psql", "--username", "postgres", "--dbname", "aftersales",
            "--host", "/var/run/postgresql", "--tuples-only", "--no-align",
            "--command", statement,
        ).strip()  # fmt: skip

    def shell(self, service: str, command: str) -> str:
        """Returns the output of a shell in a service's container."""
        return self("exec", "--no-TTY", service, "sh", "-ec", command)

    def down(self, *, with_data: bool) -> None:
        """Ends everything."""
        self("down", *(["--volumes", "--remove-orphans"] if with_data else []))


def made(name: str, files: Sequence[str], folder: Path) -> Compose:
    """A project with secrets made as `make secrets` makes them."""
    secrets = folder / "secrets"
    subprocess.run(
        [sys.executable, "-m", "deploy.make_secrets", str(secrets)],
        check=True,
        cwd=engine.ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(engine.ROOT), str(engine.ROOT / "contracts")])},
    )
    return Compose(f"{name}-{token_hex(3)}", files, secrets, ports.free(len(PORT_SETTINGS)))

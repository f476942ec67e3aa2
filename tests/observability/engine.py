"""Prometheus and its promtool in a container of their own: the version that deploy/compose.yaml runs."""

import shutil
import subprocess
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from tests.support.tools import missing

IMAGE = "prom/prometheus:v2.53.3"
ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "observability"
LIMIT_SECONDS = 60


def need() -> None:
    """Skips the test where no engine answers or the image is missing; fails it where docker is required."""
    if shutil.which("docker") is None or docker("version").returncode:
        missing("docker")
    if docker("image", "inspect", IMAGE).returncode and docker("pull", "--quiet", IMAGE).returncode:
        missing("docker")


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    """One call of the engine's command."""
    return subprocess.run(
        ["docker", *arguments], capture_output=True, text=True, check=False, timeout=LIMIT_SECONDS
    )


def promtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs promtool; deploy/observability is /rules and /etc/prometheus, this folder /tests."""
    mounts = [f"{FOLDER}:/rules:ro", f"{FOLDER}:/etc/prometheus:ro", f"{Path(__file__).parent}:/tests:ro"]
    volumes = [word for mount in mounts for word in ("--volume", mount)]
    return docker("run", "--rm", "--network=none", *volumes, "--entrypoint=promtool", IMAGE, *arguments)


@contextmanager
def prometheus(configuration: Path, port: int) -> Generator[str]:
    """A Prometheus in the machine's own network that reads this file; yields where it answers."""
    name = f"aftersales-prometheus-{port}"
    started = docker(
        "run", "--detach", "--rm", f"--name={name}", "--network=host",
        f"--volume={configuration}:/etc/prometheus/prometheus.yml:ro",
        f"--volume={FOLDER / 'alerts.yaml'}:/etc/prometheus/alerts.yaml:ro",
        IMAGE, "--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus",
        f"--web.listen-address=127.0.0.1:{port}",
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        docker("rm", "--force", name)

"""The package of other teams' integration tests: its example runs as another team would run it."""

import os
import subprocess
import sys
from pathlib import Path

from tests.containers import engine

TESTING = engine.ROOT / "testing"
LIMIT_SECONDS = 380


def test_the_example_of_aftersales_testing(tmp_path: Path) -> None:
    """Outside the repository, with nothing of it on the path but the two packages and the image."""
    example = tmp_path / "test_refund.py"
    example.write_text((TESTING / "example" / "test_refund.py").read_text("utf-8"), "utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--durations=3", str(example)],
        cwd=tmp_path,
        env={
            **os.environ,
            "AFTERSALES_IMAGE": engine.project_image(),
            "PYTHONPATH": os.pathsep.join([str(engine.ROOT / "contracts"), str(TESTING)]),
        },
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    engine.tell(done.stdout.strip().splitlines()[-1])

    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert "2 passed" in done.stdout

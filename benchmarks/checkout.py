"""Runs the service of a checkout that is measured, by its two commands and its settings alone.

The code of the benchmark is one; the service may be of another layout. Nothing of it is imported.
"""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from benchmarks.lab import ROOT, SCHEMA, BenchmarkError

SERVICE = "services.refunds"
WHERE = f"import platform, {SERVICE} as own; print(own.__file__); print(platform.python_version())"


@dataclass(frozen=True, slots=True)
class Checkout:
    """A folder with the service, and the interpreter that its requirements are installed for."""

    name: str
    root: Path
    python: Path

    @classmethod
    def own(cls, name: str) -> Self:
        """The one that this code belongs to."""
        return cls(name, ROOT, Path(sys.executable))

    @classmethod
    def at(cls, name: str, root: Path) -> Self:
        """Another one, with the environment that its `make setup` made. Raises BenchmarkError."""
        python = root / ".venv" / "bin" / "python"
        if not python.exists():
            raise BenchmarkError(f"{root} has no .venv: run `make setup` there")
        return cls(name, root.resolve(), python.absolute())

    def environment(self, settings: dict[str, str]) -> dict[str, str]:
        """Makes the variables of its processes: these settings, and no module from anywhere else."""
        inherited = {
            key: value for key, value in os.environ.items() if not key.startswith(("AFTERSALES_", "PYTHON"))
        }
        path = os.pathsep.join([str(self.root), str(self.root / "contracts")])
        return {**inherited, "PYTHONPATH": path, "PYTHONSAFEPATH": "1", **settings}

    def serve(self) -> list[str]:
        """Tells the command of one process of the service."""
        return [str(self.python), "-m", SERVICE]

    async def check(self) -> str:
        """Returns its Python's version. Raises BenchmarkError where its service is not its own code."""
        said = await self._run([str(self.python), "-c", WHERE], {})
        file, version = said.split("\n")[:2]
        if self.root not in Path(file).parents:
            raise BenchmarkError(f"{self.python} takes {SERVICE} from {file}, not from {self.root}")
        return version

    async def migrate(self, database_url: str) -> None:
        """Makes its tables by its own migrations."""
        command = [str(self.python.with_name("aftersales")), "migrate", SCHEMA]
        await self._run(command, {"AFTERSALES_DATABASE__URL": database_url})

    async def _run(self, command: list[str], settings: dict[str, str]) -> str:
        done = await asyncio.to_thread(
            subprocess.run,
            command,
            env=self.environment(settings),
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BenchmarkError(f"{self.name}: {command[0]} failed\n{done.stdout}{done.stderr}")
        return done.stdout

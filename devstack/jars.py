"""Fetches the broker's jars: exactly those of the lock file, in a cache that all clones share."""

import hashlib
import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from devstack import cache
from devstack.errors import PartMissing

LOCK = Path(__file__).with_name("jgo.lock.toml")
DOWNLOADS_AT_ONCE_COUNT = 6
TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Jar:
    """One locked jar, by its Maven coordinates."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def file_name(self) -> str:
        return f"{self.artifact}-{self.version}.jar"


def locked() -> list[Jar]:
    """The jars that the lock file names."""
    rows = tomllib.loads(LOCK.read_text("utf-8"))["dependencies"]
    return [Jar(row["groupId"], row["artifactId"], row["version"], row["sha256"]) for row in rows]


def home() -> Path:
    """The folder of this lock file's jars, there or not yet."""
    return cache.folder() / "jars" / hashlib.sha256(LOCK.read_bytes()).hexdigest()[:16]


def class_path() -> str:
    """All jars as a Java class path. Raises PartMissing if they were never fetched and cannot be now."""
    folder = fetch()
    return os.pathsep.join(str(folder / jar.file_name) for jar in locked())


def fetch() -> Path:
    """Brings the jars into the cache unless they are there; returns their folder.

    Every jar is checked against the lock file's digest before it becomes visible under its name,
    and the folder appears at once and complete. Raises PartMissing.
    """
    folder = home()
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".fetch-") as work:
        complete = Path(work) / "complete"
        complete.mkdir()
        _download(locked(), Path(work) / "repository", complete)
        try:
            complete.rename(folder)
        except OSError:
            if not folder.is_dir():  # otherwise another process was faster, with the same bytes
                raise
    return folder


def _download(jars: Iterable[Jar], repository: Path, target: Path) -> None:
    from jgo.maven import MavenContext  # noqa: PLC0415 - a warm cache must not pay for it, nor need it

    maven = MavenContext(repo_cache=repository, timeout=TIMEOUT_S)

    def bring(jar: Jar) -> None:
        try:
            path = maven.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except Exception as error:
            raise PartMissing(
                f"{jar.file_name} is not in the cache ({home()}) and cannot be downloaded: {error}. "
                "Run `python -m devstack fetch` once with a network."
            ) from error
        if hashlib.sha256(path.read_bytes()).hexdigest() != jar.sha256:
            raise PartMissing(f"{jar.file_name} is not the file that {LOCK.name} names")
        shutil.copyfile(path, target / jar.file_name)

    with ThreadPoolExecutor(DOWNLOADS_AT_ONCE_COUNT) as pool:
        list(pool.map(bring, jars))

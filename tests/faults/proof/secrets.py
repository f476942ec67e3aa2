"""I9: whether anything that records hold has come out in logs or metrics."""

import asyncio
import re
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.faults.proof.stories import CANARY
from tests.faults.proof.verdict import Verdict

CHUNK_BYTES = 1024 * 1024
FETCH_SECONDS = 5.0
ORDER_ID = re.compile(rb"[a-z]+\d+-\d{6}\.(?:r1|c|pay)\b")
"""Ids of stories: no label of a metric may be one."""


def in_logs(folder: Path, names: Sequence[str]) -> list[str]:
    """Names of log files of these services that hold the canary."""
    return [
        path.name
        for path in sorted(folder.glob("*.log"))
        if any(name in path.name for name in names) and _holds(path, CANARY.encode())
    ]


def _holds(path: Path, wanted: bytes) -> bool:
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(CHUNK_BYTES):
            if wanted in rest + chunk:
                return True
            rest = chunk[-len(wanted) :]
    return False


def _metrics(url: str) -> bytes:
    try:
        with urllib.request.urlopen(f"{url}/metrics", timeout=FETCH_SECONDS) as answer:  # noqa: S310 - http
            body: bytes = answer.read()
            return body
    except (urllib.error.URLError, OSError):
        return b""


async def check_metrics(urls: Sequence[str], verdict: Verdict) -> None:
    """Checks that the replicas' metrics hold nothing of a record now."""
    pages = await asyncio.gather(*(asyncio.to_thread(_metrics, url) for url in urls))
    for url, page in zip(urls, pages, strict=True):
        if not page:
            verdict.blame("I10", url, "no metrics: the replica does not answer")
        if CANARY.encode() in page or ORDER_ID.search(page):
            verdict.blame("I9", url, "the metrics hold what a record holds")
    verdict.counts["log files and metrics looked through"] += len(pages)


async def check_logs(folder: Path, services: Sequence[str], verdict: Verdict) -> None:
    """Logs of the services."""
    for name in await asyncio.to_thread(in_logs, folder, services):
        verdict.blame("I9", name, "the log holds what a record holds")

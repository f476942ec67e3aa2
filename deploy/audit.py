"""`make audit`: whether a package in the image has a known vulnerability, if the service for that answers.

Exit status 1 with the findings. Where the service cannot be reached nothing is known: that is said in so many
words, with status 0, or 1 where AFTERSALES_AUDIT_REQUIRED is set.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent / "requirements.lock"
LIMIT_SECONDS = 300


def judged(dependencies: list[dict[str, Any]], *, is_required: bool) -> tuple[int, list[str]]:
    """(exit status, what to say) about pip-audit's findings."""
    found = [
        f"{each['name']} {each['version']}: {flaw['id']}, repaired in {', '.join(flaw['fix_versions'])}"
        for each in dependencies
        for flaw in each.get("vulns", [])
    ]
    if found:
        return 1, found
    unknown = [each["name"] for each in dependencies if "skip_reason" in each]
    known = len(dependencies) - len(unknown)
    if unknown and known:
        return 1, [f"audit: nothing is known of {', '.join(unknown)}"]
    if not known:
        return int(is_required), ["audit: NOT DONE, for the vulnerability service does not answer here"]
    return 0, [f"audit: no known vulnerability in {known} packages"]


def main() -> int:
    """Runs pip-audit on the image's lock."""
    what = ["--requirement", str(LOCK), "--require-hashes", "--disable-pip"]
    done = subprocess.run(
        [sys.executable, "-m", "pip_audit", *what, "--format", "json", "--progress-spinner", "off"],
        capture_output=True,
        text=True,
        timeout=LIMIT_SECONDS,
        check=False,
    )
    try:
        dependencies: list[dict[str, Any]] = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):  # it could not even ask
        print(done.stderr[-500:], file=sys.stderr)
        dependencies = []
    status, lines = judged(dependencies, is_required=bool(os.environ.get("AFTERSALES_AUDIT_REQUIRED")))
    print("\n".join(lines))
    return status


if __name__ == "__main__":
    sys.exit(main())

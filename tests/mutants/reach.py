"""Measures which test reaches which line of the services: python -m tests.mutants.reach FILE TESTS..."""

import os
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coverage import Coverage

from tests.mutants.serve import ARGUMENTS, NICE, settle

ALL_OF = "::*"
"""A context of a fixture that several tests of a file share."""


class Reach(msgspec.Struct, dict=True):
    """The tests with their seconds, and by file and line the contexts that run it."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]

    @cached_property
    def _by_file(self) -> Mapping[str, Sequence[str]]:
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in self.quickest(self.seconds):
            by_file[test.partition("::")[0]].append(test)
        return by_file

    def quickest(self, tests: Sequence[str] | Mapping[str, object]) -> list[str]:
        """Sorts tests, the quickest first."""
        return sorted(tests, key=lambda test: (round(self.seconds[test], 2), test))

    def of_service(self, service: str) -> list[str]:
        """Lists the tests of a service, the quickest first."""
        return self.quickest([test for test in self.seconds if test.split("/")[2] == service])

    def of_line(self, file: str, line: int) -> list[str]:
        """Lists the tests that run a line, the quickest first."""
        found: set[str] = set()
        for context in self.lines.get(file, {}).get(line, ()):
            if context.endswith(ALL_OF):
                found.update(self._by_file[context.removesuffix(ALL_OF)])
            elif context:
                found.add(context)
        return self.quickest(list(found))


class _Contexts:
    """Names the running test to coverage, and notes how long it took."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._context = ""
        self.seconds: dict[str, float] = defaultdict(float)

    def _switch(self, context: str) -> None:
        self._context = context
        self._coverage.switch_context(context)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._switch(item.nodeid)
        try:
            return (yield)
        finally:
            self._switch("")

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        before = self._context
        if fixturedef.scope != "function":
            self._switch(request.node.nodeid.partition("::")[0] + ALL_OF)
        try:
            return (yield)
        finally:
            self._switch(before)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] += report.duration


def measure(tests: Sequence[str]) -> Reach:
    """Runs the tests once. Raises SystemExit where one fails: a mutant would be caught by it for nothing."""
    settle()
    coverage = Coverage(data_file=None, source=["services"], config_file=False, messages=False)
    contexts = _Contexts(coverage)
    coverage.start()
    code = pytest.main([*ARGUMENTS, *tests], plugins=[contexts])
    coverage.stop()
    if code != 0:
        raise SystemExit(f"the tests do not pass without a mutant: pytest ended with {code}")
    data, root = coverage.get_data(), Path.cwd()
    lines = {
        Path(file).relative_to(root).as_posix(): data.contexts_by_lineno(file)
        for file in data.measured_files()
    }
    return Reach(dict(contexts.seconds), lines)


if __name__ == "__main__":
    os.nice(NICE)
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(measure(sys.argv[2:])))

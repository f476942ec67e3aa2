"""Measures which test reaches which line of the services: python -m tests.mutants.reach FILE TESTS..."""

import importlib
import os
import pkgutil
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec
import pytest
from coverage import Coverage

from kernel.policy import Numbers
from tests.mutants.serve import ARGUMENTS, NICE, settle

ALL_OF = "::*"
"""A context of a fixture that several tests of a file share."""


class Reach(msgspec.Struct, dict=True):
    """The tests with their seconds; the contexts that run a line of a file, and that read a number."""

    seconds: dict[str, float]
    lines: dict[str, dict[int, list[str]]]
    numbers: dict[str, list[str]]

    @cached_property
    def _by_file(self) -> Mapping[str, Sequence[str]]:
        by_file: dict[str, list[str]] = defaultdict(list)
        for test in self.quickest(self.seconds):
            by_file[test.partition("::")[0]].append(test)
        return by_file

    def quickest(self, tests: Iterable[str]) -> list[str]:
        """Sorts tests, the quickest first."""
        return sorted(tests, key=lambda test: (round(self.seconds[test], 2), test))

    def of_service(self, service: str) -> list[str]:
        """Lists the tests of a service, the quickest first."""
        return self.quickest(test for test in self.seconds if test.split("/")[2] == service)

    def of_line(self, service: str, file: str, line: int) -> list[str]:
        """Lists the tests that run a line; all of the service where it runs on import only."""
        contexts = self.lines.get(file, {}).get(line, [])
        return self._tests(contexts) or (self.of_service(service) if contexts else [])

    def of_number(self, service: str, names: Sequence[str]) -> list[str]:
        """Lists the tests that read a number of a policy, the quickest first."""
        known = [f"{service}.{name}" for name in names if f"{service}.{name}" in self.numbers]
        return self._tests(self.numbers[known[-1]]) if known else []

    def of_modules(self, files: Iterable[str]) -> list[str]:
        """Lists the tests that run any line of these files, the quickest first."""
        return self._tests(
            context
            for file in files
            for contexts in self.lines.get(file, {}).values()
            for context in contexts
        )

    def _tests(self, contexts: Iterable[str]) -> list[str]:
        found: set[str] = set()
        for context in set(contexts):
            if context.endswith(ALL_OF):
                found.update(self._by_file.get(context.removesuffix(ALL_OF), ()))
            elif context:
                found.add(context)
        return self.quickest(found)


class _Contexts:
    """Names the running test to coverage, and notes how long it took."""

    def __init__(self, coverage: Coverage) -> None:
        self._coverage = coverage
        self._context = ""
        self.seconds: dict[str, float] = defaultdict(float)
        self.numbers: dict[str, set[str]] = defaultdict(set)
        self._watch()

    def _watch(self) -> None:
        """Notes who reads a number."""
        plain = Numbers.__getattribute__

        def read(numbers: Numbers, name: str) -> Any:
            if not name.startswith("_"):
                service = type(numbers).__module__.split(".")[1]
                self.numbers[f"{service}.{name}"].add(self._context)
            return plain(numbers, name)

        setattr(Numbers, "__getattribute__", read)  # noqa: B010 - the type checkers see a plain class

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Iterator[Any]:
        """A file that reads or runs something when it is imported does so for all of its tests."""
        if not isinstance(collector, pytest.Module):
            return (yield)
        self._switch(collector.nodeid + ALL_OF)
        try:
            return (yield)
        finally:
            self._switch("")

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
    for service in {test.split("/")[2] for test in tests}:
        for module in pkgutil.walk_packages([f"services/{service}"], f"services.{service}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)  # what runs on import runs for every test
    code = pytest.main([*ARGUMENTS, *tests], plugins=[contexts])
    coverage.stop()
    if code != 0:
        raise SystemExit(f"the tests do not pass without a mutant: pytest ended with {code}")
    data, root = coverage.get_data(), Path.cwd()
    lines = {
        Path(file).relative_to(root).as_posix(): data.contexts_by_lineno(file)
        for file in data.measured_files()
    }
    return Reach(dict(contexts.seconds), lines, {name: sorted(of) for name, of in contexts.numbers.items()})


if __name__ == "__main__":
    os.nice(NICE)
    Path(sys.argv[1]).write_bytes(msgspec.json.encode(measure(sys.argv[2:])))

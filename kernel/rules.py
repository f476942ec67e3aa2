"""Marks the functions that are the homes of rules."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import ParamSpec, TypeVar

from kernel.decider import Decided

P = ParamSpec("P")
R = TypeVar("R")
Fact = TypeVar("Fact")

HOMES: dict[str, list[str]] = {}
"""Rule id -> qualified names of the functions that are its home, filled as rule files are imported."""


def rule(*ids: str) -> Callable[[Callable[P, Sequence[Fact]]], Callable[P, list[Decided[Fact]]]]:
    """Makes a function the home of these rules: each of its facts carries their ids."""

    def home(function: Callable[P, Sequence[Fact]]) -> Callable[P, list[Decided[Fact]]]:
        for rule_id in ids:
            HOMES.setdefault(rule_id, []).append(f"{function.__module__}.{function.__qualname__}")

        @wraps(function)
        def decide(*args: P.args, **kwargs: P.kwargs) -> list[Decided[Fact]]:
            return [Decided(fact, ids) for fact in function(*args, **kwargs)]

        return decide

    return home


def rules_of(*ids: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Makes a calculator (a function that decides no facts itself) the home of these rules."""

    def home(function: Callable[P, R]) -> Callable[P, R]:
        for rule_id in ids:
            HOMES.setdefault(rule_id, []).append(f"{function.__module__}.{function.__qualname__}")
        return function

    return home

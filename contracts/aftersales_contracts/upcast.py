"""Turns an event of yesterday into one of today: chains of pure functions, one per version step.

Within a version only optional things are added. Anything else is a new version: its class is added to the
registry, and here the step that turns the old data into the new. Writers announce both until every reader
moved; readers know the newest class only.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

Data = dict[str, object]
Step = Callable[[Data], Data]
"""From the data of one version, as parsed JSON, to that of the next. Pure; may assume the old schema."""


class UpcastError(ValueError):
    """The data of an old version could not be turned into the newest."""


def _split(type_name: str) -> tuple[str, int]:
    stem, dot, version = type_name.rpartition(".v")
    if not dot or not version.isdecimal():
        raise ValueError(f"not a versioned type: {type_name!r}")
    return stem, int(version)


@dataclass(frozen=True)
class Upcasters:
    """The steps that are known, by the type they start from."""

    _steps: dict[str, tuple[str, Step]] = field(default_factory=dict[str, tuple[str, Step]])

    def register(self, old: str, new: str) -> Callable[[Step], Step]:
        """Makes a function the step from `old` to `new`, which is the next version of the same type.

        Raises ValueError for any other pair, and where `old` has a step already.
        """
        (old_stem, old_version), (new_stem, new_version) = _split(old), _split(new)
        if old_stem != new_stem or new_version != old_version + 1:
            raise ValueError(f"{new} is not the next version of {old}")
        if old in self._steps:
            raise ValueError(f"{old} has a step already")

        def registered(step: Step) -> Step:
            self._steps[old] = (new, step)
            return step

        return registered

    def newest(self, type_name: str) -> str:
        """The type at the end of the chain; the same where there is none."""
        while (step := self._steps.get(type_name)) is not None:
            type_name = step[0]
        return type_name

    def upcast(self, type_name: str, data: bytes) -> tuple[str, bytes]:
        """The newest type and its data; bytes of a type without a step are not looked into.

        Raises UpcastError where the data is no JSON object or a step fails on it.
        """
        if type_name not in self._steps:
            return type_name, data
        try:
            value: object = json.loads(data)
            if not isinstance(value, dict):
                raise UpcastError(f"{type_name}: the data is no JSON object")
            current: Data = {str(key): item for key, item in value.items()}
            while (following := self._steps.get(type_name)) is not None:
                type_name, step = following[0], following[1]
                current = step(current)
        except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
            raise (
                error if isinstance(error, UpcastError) else UpcastError(f"{type_name}: {error!r}")
            ) from error
        return type_name, json.dumps(current, ensure_ascii=False, separators=(",", ":")).encode()


UPCASTERS = Upcasters()
"""The steps between the versions of this package; none yet, since every type is in its first version."""

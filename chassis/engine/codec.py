"""Encodes states, facts and messages as JSON and decodes them. Only the top value carries a class name."""

from collections.abc import Iterable
from typing import Any

import msgspec

from kernel.decider import DeadlinePassed


class Codec:
    """Encodes and decodes the values of one kind of case.

    Decoders are built when the service starts. TypeError then refuses a class that cannot be stored
    unambiguously (a union of values in a field).
    """

    def __init__(self, classes: Iterable[type]) -> None:
        self._encode = msgspec.json.Encoder().encode
        self._decoders: dict[str, msgspec.json.Decoder[Any]] = {}
        for cls in (*classes, DeadlinePassed):
            known = self._decoders.get(cls.__name__)
            if known is not None and known.type is not cls:
                raise TypeError(f"two stored classes are called {cls.__name__}")
            self._decoders[cls.__name__] = msgspec.json.Decoder(cls)

    def encode(self, value: object) -> str:
        """Encodes one value. The caller stores the class name beside the JSON."""
        if type(value).__name__ not in self._decoders:
            raise TypeError(f"{type(value).__name__} is not among the stored classes")
        return self._encode(value).decode()

    def decode(self, name: str, data: str) -> object:
        """Decodes a value of class `name`. Raises KeyError for an unknown name, msgspec's errors for bad
        data.
        """
        return self._decoders[name].decode(data)

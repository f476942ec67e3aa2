"""Defines `Value`, the frozen class of which states, messages and facts are made."""

from typing import TYPE_CHECKING, Any, TypeVar, dataclass_transform

import msgspec

V = TypeVar("V", bound="Value")

if TYPE_CHECKING:

    @dataclass_transform(frozen_default=True)
    class Value:
        """Base of states, messages, facts and what is in them: frozen, compared by fields, stored as JSON.

        Declare the fields as in a dataclass.
        """

        def __init_subclass__(cls, *, kw_only: bool = False) -> None: ...

    def replace(value: V, /, **changes: Any) -> V:
        """Copies the value with some fields changed. Raises TypeError for a field that it does not have."""
        ...

else:

    class Value(msgspec.Struct, frozen=True, gc=False):
        """See above. A struct, because a frozen dataclass takes nine times as long to make."""

    replace = msgspec.structs.replace


def field_names(value_class: type[Value]) -> tuple[str, ...]:
    """Lists the names of the fields, in order."""
    names: tuple[str, ...] = value_class.__struct_fields__  # type: ignore[attr-defined]
    return names

"""Says in the words of the contracts why a value does not fit its field. No library's word and no content."""

from collections.abc import Callable, Mapping
from typing import Any

from aftersales_contracts import base, moments

UNFIT = "not as its schema says"
"""The words for a kind of error that has none of its own."""
_FORMS = {
    base.ID_PATTERN: "not an id: printable ASCII characters without spaces",
    base.SKU_PATTERN: "has a control character",
    base.CURRENCY_PATTERN: "not a currency: three capital letters of ISO 4217",
}
_TEXTS = "not a text of 1 to 64 characters"


def _object(told: Mapping[str, Any]) -> str:
    return f"not an object ({told['class_name']})"


def _form(told: Mapping[str, Any]) -> str:
    return _FORMS.get(told["pattern"], f"not of the form {told['pattern']}")


def _short(told: Mapping[str, Any]) -> str:
    return "empty" if told["min_length"] == 1 else f"shorter than {told['min_length']} characters"


def _few(told: Mapping[str, Any]) -> str:
    return f"fewer than {told['min_length']} {'item' if told['min_length'] == 1 else 'items'}"


_WORDS: Mapping[str, str | Callable[[Mapping[str, Any]], str]] = {
    "missing": "missing",
    "null": "null is no value: leave the field out",
    "string_type": "not a text",
    "string_unicode": "not a text of UTF-8",
    "string_sub_type": "not a text",
    "int_type": "not a whole number",
    "int_from_float": "not a whole number",
    "int_parsing": "not a whole number",
    "int_parsing_size": "a number of too many digits",
    "bool_type": "neither true nor false",
    "list_type": "not a list",
    "dict_type": "not an object",
    "model_type": _object,
    "model_attributes_type": _object,
    "enum": _TEXTS,
    "moment": f"not a moment: {moments.FORM}",
    "string_pattern_mismatch": _form,
    "string_too_short": _short,
    "string_too_long": lambda told: f"longer than {told['max_length']} characters",
    "too_short": _few,
    "too_long": lambda told: f"more than {told['max_length']} items",
    "greater_than_equal": lambda told: f"less than {told['ge']}",
    "greater_than": lambda told: f"not more than {told['gt']}",
    "less_than_equal": lambda told: f"more than {told['le']}",
    "less_than": lambda told: f"not less than {told['lt']}",
}


def words_of(kind: str, told: Mapping[str, Any], given: object) -> str:
    """Says what is wrong with a value; `told` has the limit that the contract sets, `given` is the value."""
    if given is None and kind != "null":
        return "null, where a value is needed"
    words = _WORDS.get(kind, UNFIT)
    return words if isinstance(words, str) else words(told)

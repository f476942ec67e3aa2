"""Changing code from outside, only where it is what the change was written for."""

from typing import Any

from chassis.store.bulk import Statement


def seam(owner: Any, name: str) -> Any:
    """Returns the attribute to change. Raises AttributeError, with advice, where the attribute is gone."""
    try:
        return getattr(owner, name)
    except AttributeError:
        raise AttributeError(
            f"{owner!r} has no {name} any more: a patch of the harness needs a new place"
        ) from None


def replace(owner: Any, name: str, by: Any) -> None:
    """Puts something else in its place."""
    seam(owner, name)
    setattr(owner, name, by)


def replace_text(owner: Any, name: str, part: str, by: str) -> None:
    """Changes one part of a constant text, or of each form of a statement.

    Raises LookupError where the part is not there exactly once.
    """
    old: str | Statement = seam(owner, name)
    texts = [old] if isinstance(old, str) else list(old)
    if any(text.count(part) != 1 for text in texts):
        raise LookupError(
            f"{name} does not say {part!r} once any more: a patch of the harness needs a new place"
        )
    new = [text.replace(part, by) for text in texts]
    setattr(owner, name, new[0] if isinstance(old, str) else Statement(*new))


def check_use(function: Any, name: str) -> None:
    """Raises LookupError where a function does not use a name of its module itself any more."""
    if name not in function.__code__.co_names:
        raise LookupError(
            f"{function.__qualname__} does not use {name}: a patch of the harness needs a new place"
        )

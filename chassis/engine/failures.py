"""Names the ways in which a rule fails, and describes a failure without any content."""

from traceback import extract_tb


class CascadeTooLong(Exception):
    """One message led to more steps than any rule needs."""


class MessageUnreadable(Exception):
    """A message was stored by other code, and this code cannot read it."""


class DeadlineIgnored(Exception):
    """A deadline of the present state was offered, and the rules decided nothing."""


def describe(error: BaseException) -> str:
    """Names an error's class and place. The error's text is left out: it may hold personal data."""
    frames = extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"

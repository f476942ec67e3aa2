"""How a rule can fail, and how that is told without telling what it held."""

from traceback import extract_tb


class CascadeTooLong(Exception):
    """One message led to more steps than any rule needs."""


class MessageUnreadable(Exception):
    """A message was stored by other code, and this code cannot read it."""


class DeadlineIgnored(Exception):
    """A deadline of the present state was offered, and the rules decided nothing."""


def describe(error: BaseException) -> str:
    """Class of an error and where it was raised; never its text, which may hold personal data."""
    frames = extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"

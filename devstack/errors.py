"""Defines the errors of the local stack."""


class StackError(Exception):
    """The local stack cannot be had, or is in a state that does not allow what was asked."""


class PartMissing(StackError):
    """A program or file that the stack is made of is not on this machine; the text says what to do."""


class PartFailed(StackError):
    """A program of the stack did not start, or ended by itself; the text carries the end of its log."""

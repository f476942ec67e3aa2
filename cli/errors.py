"""Defines the error that tells a user of the command what cannot be done."""


class CommandError(Exception):
    """One clear line for the user; the command ends with status 1."""

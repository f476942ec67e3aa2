"""What a user of the command is told when something cannot be done."""


class CommandError(Exception):
    """One clear line for the user; the command ends with status 1."""

"""The error of the emulator."""


class EmulatorError(Exception):
    """An error that a user can fix; the message names the problem and what to do."""

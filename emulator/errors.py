"""The error of the emulator."""


class EmulatorError(Exception):
    """Something that a user can fix; the message says what is wrong and what to do."""

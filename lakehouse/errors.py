"""The error that a user of the lakehouse can act on."""


class LakehouseError(Exception):
    """An error whose message names the problem and the fix; the command line prints it without a traceback."""

"""The one error that a user of the lakehouse can act on."""


class LakehouseError(Exception):
    """A refusal that names what is wrong and what to do; the command line shows it as one line, without a traceback."""

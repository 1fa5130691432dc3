"""S3: bodies on disk and in pieces; see `emulator.services.s3`."""

from emulator.services.s3 import multipart, reading, writing


def register() -> None:
    """Replace what ministack does in memory."""
    reading.install()
    writing.install()
    multipart.install()

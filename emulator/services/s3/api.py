"""S3: objects on disk, read and written in pieces."""

from emulator.services.s3 import multipart, reading, writing


def register() -> None:
    """Replace the functions of ministack that work in memory."""
    reading.install()
    writing.install()
    multipart.install()

"""Firehose: records are partitioned, buffered and compressed as in AWS."""

from emulator.services.firehose import buffers, streams


def register() -> None:
    """Replace ministack's delivery to S3, and complete its descriptions of streams."""
    buffers.install()
    streams.install()

"""Firehose: records wait, are partitioned and compressed as AWS does it; see `emulator.services.firehose`."""

from emulator.services.firehose import buffers, streams


def register() -> None:
    """Replace ministack's way to deliver to S3, and mend what it says of a stream."""
    buffers.install()
    streams.install()

"""Firehose into S3: partitions, buffers and files as in AWS, which ministack does not have."""

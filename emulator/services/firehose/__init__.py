"""Firehose into S3: partitions, buffers and files, as AWS has them and ministack has not."""

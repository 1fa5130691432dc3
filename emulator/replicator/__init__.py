"""A stand-in for AWS DMS: it copies PostgreSQL tables to S3 and follows their changes, as DMS's S3 target does.

The API of DMS (`emulator/services/dms/`) starts it as a process of its own.
"""

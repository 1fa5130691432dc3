"""A stand-in for AWS DMS: it copies PostgreSQL tables to S3 and follows their changes, as DMS's S3 target does.

The API of DMS (`local/aws/dms.py`) starts it as a process of its own; docs/dms.md says what it imitates and where it
differs.
"""

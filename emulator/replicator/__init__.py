"""The replicator: it copies PostgreSQL tables to S3 and follows their changes, as AWS DMS does with an S3 target.

The API of DMS (`emulator.services.dms`) starts it as a separate process.
"""

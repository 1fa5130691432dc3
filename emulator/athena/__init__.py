"""Amazon Athena (engine version 3) on a laptop: Trino SQL and Hive DDL over Glue and S3, by DuckDB and PyIceberg.

The engine knows nothing of the server it runs in: it talks to Glue, S3 and Athena's own API through boto3, pyarrow and
PyIceberg. `emulator.services.athena.api` puts Athena's API in front of it.
"""

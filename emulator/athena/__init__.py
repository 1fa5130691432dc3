"""Amazon Athena (engine version 3) in the emulator: Trino's SQL and Hive's DDL, run by DuckDB and PyIceberg.

The package uses Glue, S3 and Athena's API only through boto3, pyarrow and PyIceberg. `emulator.services.athena.api`
connects it to the server.
"""

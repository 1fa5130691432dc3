"""Names of the columns that the lakehouse adds to a dataset; contracts must not use them."""

BATCH_ID = "_batch_id"
SOURCE_FILE = "_source_file"
SOURCE_ROW = "_source_row"
INGESTED_AT = "_ingested_at"
ERRORS = "_errors"
RECORD = "_record"
CLEANSED = "_cleansed"
OPERATION = "_op"
COMMIT_TIMESTAMP = "_commit_ts"
CHANGE_SEQUENCE = "_change_seq"
DELETED = "_is_deleted"  # `_deleted` is a metadata column of Iceberg: Spark reads no table that has one

"""What AWS DMS adds to every record it writes to S3, and the settings that make it so.

Full-load and change files have one shape: `Op`, the table's columns, then the two columns below. The commit
timestamp alone does not order changes: several changes of one transaction share it, and a full-load row carries
the time it was written, which can be later than a change it does not contain. `AR_H_CHANGE_SEQ` orders them: it
grows with every change and is empty for full-load rows, which are therefore older than any change.

Source: AWS DMS user guide, "Using Amazon S3 as a target", "Replicating source table headers using expressions".
"""

OPERATION = "Op"
COMMIT_TIMESTAMP = "_commit_ts"
CHANGE_SEQUENCE = "_change_seq"

INSERT, UPDATE, DELETE = "I", "U", "D"

CHANGE_SEQUENCE_EXPRESSION = "$AR_H_CHANGE_SEQ"

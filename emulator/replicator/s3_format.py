"""Names and values in the files that DMS writes to S3.

Source: AWS DMS user guide, "Using Amazon S3 as a target", "Replicating source table headers using expressions".
"""

OPERATION = "Op"
INSERT, UPDATE, DELETE = "I", "U", "D"
CHANGE_SEQUENCE_EXPRESSION = "$AR_H_CHANGE_SEQ"
"""The expression of a column that grows with every change; the column is null for rows of the full load."""

"""Names of the columns that the lakehouse adds."""

from lakehouse.contracts import columns

RESERVED = {
    "_file",
    "_pos",
    "_deleted",
    "_spec_id",
    "_partition",
    "_change_type",
    "_change_ordinal",
    "_commit_snapshot_id",
    "_row_id",
    "_last_updated_sequence_number",
}
"""Iceberg's metadata columns. Spark refuses to read a table that has a column of one of these names."""


def test_no_column_of_ours_has_a_name_that_iceberg_keeps_for_itself() -> None:
    ours = {value for name, value in vars(columns).items() if name.isupper()}
    assert "_is_deleted" in ours
    assert not ours & RESERVED

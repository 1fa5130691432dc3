"""What an erasure is about is found again by the next one, whatever its key is made of."""

from typing import TYPE_CHECKING

import pytest

from lakehouse.contracts import types
from lakehouse.erasure import journal
from lakehouse.erasure.subject import subject_of_key
from lakehouse.names import Names, Zone
from tests.support.contract_builders import column, contract

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (types.INT, "4711"),
        (types.LONG, "-9223372036854775808"),
        (types.STRING, "O'Brien, 京 "),
        (types.BOOLEAN, "true"),
        (types.decimal(38, 10), "1234567890123456789012345678.0000000001"),
        (types.DOUBLE, "0.1"),
        (types.DATE, "0001-01-01"),
        (types.TIMESTAMP, "2026-03-29 01:30:00.000001"),
        (types.BINARY, "AP9h"),
    ],
)
def test_a_key_is_read_as_it_was_written(s3: "S3Client", names: Names, type_: types.Type, text: str) -> None:
    people = contract(column("id", type_, required=True), key=("id",))
    subject = subject_of_key(people, [text])
    journal.write(s3, subject, [], names=names)
    assert journal.read(s3, subject, [people], names=names) == [subject]
    journal.delete(s3, subject, names=names)
    assert s3.list_objects_v2(Bucket=names.bucket(Zone.RAW))["KeyCount"] == 0

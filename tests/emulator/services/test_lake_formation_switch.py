"""The switch of all authorization: with `record` and `off`, Lake Formation refuses nothing and filters nothing."""

from pathlib import Path

import pytest

from emulator.runtime import server_lifecycle
from tests.support.emulator.athena_client import Athena
from tests.support.emulator.callers import Caller, as_root, close_lake, denying_server

DATABASE, BUCKET = "switched", "switched-lake"
QUERY = f"CREATE TABLE people WITH (external_location = 's3://{BUCKET}/people/') AS SELECT 1 AS id, 'x' AS email"


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["record", "off"])
def test_what_would_be_refused_passes(tmp_path: Path, mode: str) -> None:
    with denying_server(tmp_path, mode=mode) as server:
        close_lake()
        location = {"LocationConstraint": server.region}
        as_root("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration=location)
        as_root("glue").create_database(DatabaseInput={"Name": DATABASE})
        results = {"OutputLocation": f"s3://{BUCKET}/results/"}
        Athena(as_root("athena"))(QUERY, database=DATABASE, ResultConfiguration=results)
        role = Caller("anybody")
        found = role.client("glue").get_table(DatabaseName=DATABASE, Name="people")["Table"]
        assert [column["Name"] for column in found["StorageDescriptor"]["Columns"]] == ["id", "email"]
        assert [table["Name"] for table in role.client("glue").get_tables(DatabaseName=DATABASE)["TableList"]] == [
            "people"
        ]
        asked = Athena(role.client("athena"))
        answer = asked("SELECT * FROM people", database=DATABASE, ResultConfiguration=results)
        assert answer.rows == [("1", "x")]
        log = server_lifecycle.log_file(tmp_path).read_text()
        assert ("Required Describe on people" in log) == (mode == "record")

"""An erasure leaves a proof that does not say who it was, and what it was told to leave."""

import json
from pathlib import Path

import pytest

from emulator.runtime.server_lifecycle import Server
from lakehouse.erasure.proof import hash_of
from lakehouse.erasure.subject import subject_of_key
from lakehouse.names import OpsTable, Zone
from lakehouse.tables import ops
from tests.support.reliability.club import a_club


@pytest.mark.slow
def test_the_proof_does_not_say_who_it_was(aws: Server, tmp_path: Path) -> None:
    club = a_club(aws, tmp_path, "forgetproof")
    planned = club.plan(with_related=False)
    assert [subject.contract.dataset for subject in planned.kept] == ["visits", "visits", "cakes"]
    done = club.erase(planned)

    # What was left as it is has him still, and the proof says where.
    assert done.state == "complete"
    assert any("/visits/" in uri for uri in done.retained)
    assert all("/people/" not in place for place in club.zebedees())
    table = club.catalog.load_table((club.names.ops_database, OpsTable.ERASURES))
    [row] = table.scan().to_arrow().to_pylist()
    bucket, key = row["report"].removeprefix("s3://").split("/", 1)
    proof = json.loads(club.s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    assert (row["state"], row["found"], row["dataset"]) == ("complete", 0, "people")
    assert proof["erasure_id"] == row["erasure_id"] == done.erasure_id
    assert proof["key_hash"] == hash_of(planned.subject, salt=row["salt"])
    assert proof["key_hash"] != hash_of(subject_of_key(club.contract("people"), ["8"]), salt=row["salt"])
    assert {definition.table for definition in ops.definitions(names=club.names)} >= {OpsTable.ERASURES}

    # Neither of these is there by what was left as it is.
    club.s3.put_object(Bucket=club.names.bucket(Zone.CURATED), Key="young.csv", Body=b"person_id\n7\n")
    undelivered = f"{club.names.undelivered_prefix}1.jsonl"
    club.s3.put_object(Bucket=club.names.bucket(Zone.STAGE), Key=undelivered, Body=b'{"person_id": 7}\n')
    again = club.erase(club.plan(with_related=False))
    assert again.state == "incomplete"
    assert {place.uri.rpartition("/")[2]: place.remedy.partition(":")[0] for place in again.found} == {
        "1.jsonl": "Firehose could not deliver it",
        "young.csv": "no table refers to it, but a running job may commit it",
    }

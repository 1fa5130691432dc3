"""The rule of versions on the engine itself, pair by pair against the oracle's order."""

from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from lakehouse.contracts.model import Ingest
from lakehouse.integration import version_order
from lakehouse.tables import definition
from tests.support import reference_merge
from tests.support.moves.change_histories import BEGIN, VALUES
from tests.support.moves.frames import frame
from tests.support.moves.lake import Lake
from tests.support.moves.upsert_dataset import ENTITIES, rank
from tests.support.reference_merge import Record

contents = st.fixed_dictionaries({name: st.sampled_from([None, *values]) for name, values in VALUES.items()})
versions = st.lists(
    st.tuples(
        st.fixed_dictionaries(
            {
                "_change_seq": st.sampled_from([None, "", "1", "2"]),
                "_commit_ts": st.sampled_from([None, BEGIN, BEGIN + timedelta(microseconds=1)]),
                "_is_deleted": st.booleans(),
                "_batch_id": st.sampled_from(["entities-00000001", "entities-00000002"]),
            }
        ),
        contents,
    ).map(lambda parts: parts[0] | parts[1]),
    min_size=2,
    max_size=25,
)


@pytest.mark.parametrize("ingest", [Ingest.CDC, Ingest.SNAPSHOT])
@settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck), phases=[Phase.generate])
@given(drawn=versions)
def test_newer_orders_any_two_versions_as_the_oracle_does(lake: Lake, ingest: Ingest, drawn: list[Record]) -> None:
    contract = replace(ENTITIES, ingest=ingest)
    schema = definition.integration(contract, names=lake.names).schema.as_arrow()
    key = {"history": 1, "id": 1, "code": "x"}
    rows = [row | key | {"_source_file": "f", "_source_row": n} for n, row in enumerate(drawn)]
    # Of equals the first that was received is the greatest.
    rows.sort(key=reference_merge.received, reverse=True)
    rows.sort(key=lambda row: ((row["_batch_id"] if ingest is Ingest.SNAPSHOT else ""), rank(row)))
    place = {row["_source_row"]: number for number, row in enumerate(rows)}
    given_rows = frame(pa.Table.from_pylist(rows, schema=schema))

    pairs = given_rows.alias("s").crossJoin(given_rows.alias("t"))
    found = pairs.selectExpr("s._source_row AS s", "t._source_row AS t", f"{version_order.newer(contract)} AS newer")

    for s, t, newer in found.collect():
        assert newer == (place[s] > place[t]), (s, t, rows)
    [latest] = version_order.latest(given_rows, contract).collect()
    assert place[latest["_source_row"]] == len(rows) - 1

"""Planning costs follow the batch: the index changes what is read, and never what is planned.

The oracle is the rule without an index: what waits is every version in stage that no manifest names.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import ANY, patch

import boto3
import pytest
from botocore.client import BaseClient
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws
from moto.s3.models import S3Backend

from lakehouse.batches import index, ingest, listing, manifests, planning
from lakehouse.batches.index import Part
from lakehouse.batches.manifests import Batch, StageObject
from lakehouse.batches.planning import plan_batches
from lakehouse.names import Zone
from tests.support.batch_records import NAMES, arrive
from tests.support.examples import examples
from tests.support.scale.calls import counted
from tests.support.till_contract import TILL

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STAGE, RAW = NAMES.bucket(Zone.STAGE), NAMES.bucket(Zone.RAW)
RECENT, ALL = (NAMES.batch_index_key(dataset="till", part=part) for part in Part)


list_object_versions = S3Backend.list_object_versions


class Killed(BaseException):
    """The end of a planner's process."""


@contextmanager
def small_pages(page: int = 4) -> Iterator[None]:
    """Make a few objects a large dataset."""
    with ExitStack() as stack:
        for module in (listing, planning):
            stack.enter_context(patch.object(module, "PAGE", page))
            stack.enter_context(patch.object(module, "MARGIN", page // 2))
        stack.enter_context(patch.dict(os.environ, MOTO_S3_DEFAULT_MAX_KEYS=str(page)))
        stack.enter_context(patch.object(S3Backend, "list_object_versions", as_s3_lists))
        yield


def as_s3_lists(backend: S3Backend, bucket_name: str, key_marker: str | None = None, **options: Any) -> Any:
    """Moto leaves out the first version from the marker on; S3 leaves out all versions of the marker's key."""
    if key_marker and not options.get("version_id_marker"):
        key_marker = max((key for key in backend.get_bucket(bucket_name).keys if key <= key_marker), default=None)
    return list_object_versions(backend, bucket_name, key_marker=key_marker, **options)


@contextmanager
def disturbed(at: int, disturbance: str, rival: Any) -> Iterator[None]:
    """Kill the planner before or after its call number `at`, or let a rival plan before it."""
    real, number = BaseClient._make_api_call, Counter[str]()

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        number["calls"] += 1
        if number["calls"] != at or disturbance == "none":
            return real(client, operation, parameters)
        if disturbance == "killed before":
            raise Killed
        if disturbance == "rival":
            rival()
        answer = real(client, operation, parameters)
        if disturbance == "killed after":
            raise Killed
        return answer

    with patch.object(BaseClient, "_make_api_call", call):
        yield


def in_stage(s3: "S3Client") -> set[tuple[str, str]]:
    """Key and version of each object that can be planned."""
    versions = s3.list_object_versions(Bucket=STAGE).get("Versions", [])
    return {(one["Key"], one["VersionId"]) for one in versions if "/_pulls/" not in one["Key"]}


def in_batches(s3: "S3Client") -> Counter[tuple[str, str]]:
    """In how many batches each object version is, from all manifests."""
    ids = manifests.batch_ids(s3, names=NAMES, dataset="till")
    batches = [manifests.load(s3, names=NAMES, dataset="till", batch_id=one) for one in ids]
    return Counter(
        (one.key, str(one.version_id)) for batch in batches for one in {*batch.objects, *batch.erased} if one.version_id
    )


def age_index(s3: "S3Client") -> None:
    index.list_all_next(s3, names=NAMES, dataset="till", prefix=TILL.stage_prefix)


def pull(s3: "S3Client") -> None:
    """Commit a page of a pull, which is a batch that no planner made."""
    arrive(s3, "_pulls/2026/1.json")
    ids = manifests.batch_ids(s3, names=NAMES, dataset="till")
    page = StageObject(bucket=STAGE, key="sales/till/_pulls/2026/1.json", etag="e", version_id=None, size=1)
    now = datetime.now(UTC)
    batch_id = manifests.next_id(ids, dataset="till")
    batch = Batch(dataset="till", batch_id=batch_id, objects=(page,), arrived_at=now, created_at=now)
    assert manifests.put(s3, names=NAMES, batch=batch)


def erase(s3: "S3Client", at: int) -> None:
    """Replace an object of a batch, as an erasure does; it may stop before the version is deleted."""
    ids = list(manifests.batch_ids(s3, names=NAMES, dataset="till"))
    if ids:
        batch = manifests.load(s3, names=NAMES, dataset="till", batch_id=ids[at % len(ids)])
        if batch.objects[0].version_id:
            old = batch.objects[0]
            new = StageObject(bucket=STAGE, key="_erased/till/1", etag="e", version_id=None, size=1)
            manifests.erase(s3, names=NAMES, batch=batch, old=old, new=new)
            if at % 2:
                s3.delete_object(Bucket=STAGE, Key=old.key, VersionId=str(old.version_id))


DAMAGES = (b"", b"{", b"[]", b'{"prefix": "sales/till/"}', b"\xff\xfe")
STEP = st.one_of(
    st.tuples(st.just("arrive"), st.integers(0, 9)),
    st.tuples(st.just("arrive in order"), st.integers(1, 6)),
    st.tuples(
        st.just("plan"),
        st.tuples(st.integers(1, 14), st.sampled_from(("none", "killed before", "killed after", "rival"))),
    ),
    st.tuples(st.sampled_from(("expire", "damage", "lose", "restore", "erase")), st.integers(0, 9)),
    st.tuples(st.sampled_from(("age", "pull")), st.just(0)),
)


@given(st.lists(STEP, min_size=5, max_size=30))
@settings(max_examples=examples(48))
def test_what_is_planned_does_not_depend_on_the_index(steps: list[tuple[str, Any]]) -> None:
    with mock_aws(), small_pages():
        s3 = boto3.client("s3", region_name=NAMES.region)
        for bucket in (STAGE, RAW):
            s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": NAMES.region})  # type: ignore[typeddict-item]
        s3.put_bucket_versioning(Bucket=STAGE, VersioningConfiguration={"Status": "Enabled"})
        number, old = 0, None
        every: set[tuple[str, str]] = set()

        def plan(*, list_all: bool = False) -> None:
            plan_batches(s3, names=NAMES, contract=TILL, list_all=list_all)

        for step, value in steps:
            every |= in_stage(s3)
            match step:
                case "arrive":
                    arrive(s3, f"{value}.csv", b"x" * value)
                case "arrive in order":
                    for _ in range(value):
                        number += 1
                        arrive(s3, f"k{number:06d}.csv")
                case "plan":
                    at, disturbance = value
                    before = in_stage(s3) - in_batches(s3).keys()
                    try:
                        with disturbed(at, disturbance, plan):
                            plan()
                    except Killed:
                        continue
                    recent = index.read(s3, Part.RECENT, names=NAMES, dataset="till", prefix=TILL.stage_prefix).content
                    missed = before - in_batches(s3).keys()
                    assert all(key <= recent.after for key, _ in missed)
                case "expire":
                    for key, version in sorted(in_stage(s3) & in_batches(s3).keys())[:value]:
                        s3.delete_object(Bucket=STAGE, Key=key, VersionId=version)
                case "damage":
                    for key in (RECENT, ALL)[: 1 + value % 2]:
                        s3.put_object(Bucket=RAW, Key=key, Body=DAMAGES[value % len(DAMAGES)])
                case "lose":
                    s3.delete_object(Bucket=RAW, Key=(RECENT, ALL)[value % 2])
                case "restore":  # an index of an earlier time
                    found = [one["Key"] for one in s3.list_objects_v2(Bucket=RAW, Prefix=RECENT).get("Contents", [])]
                    if old is not None:
                        s3.put_object(Bucket=RAW, Key=RECENT, Body=old)
                    old = s3.get_object(Bucket=RAW, Key=RECENT)["Body"].read() if found else None
                case "erase":
                    erase(s3, value)
                case "age":
                    age_index(s3)
                case "pull":
                    pull(s3)
            assert all(count == 1 for count in in_batches(s3).values())
        every |= in_stage(s3)
        plan(list_all=True)
        planned = in_batches(s3)
        assert in_stage(s3) <= planned.keys()
        assert every <= planned.keys()
        assert all(count == 1 for count in planned.values())


def batch_each(s3: "S3Client", count: int) -> None:
    """Make `count` objects arrive in the order of their keys, each in a batch of its own, and plan once."""
    for number in range(count):
        arrive(s3, f"{number:06d}.csv")
    with patch.object(planning, "BATCH_BYTES", 1):
        assert len(plan_batches(s3, names=NAMES, contract=TILL).batches) == count


def calls_to_plan(s3: "S3Client", arriving: int = 0) -> dict[str, int]:
    for number in range(arriving):
        arrive(s3, f"z{number}.csv")
    with counted() as calls, patch.object(planning, "BATCH_BYTES", 1):
        assert len(plan_batches(s3, names=NAMES, contract=TILL).batches) == arriving
    return dict(calls)


@pytest.mark.parametrize("count", [10, 200])
def test_planning_costs_as_many_calls_after_ten_batches_as_after_many(s3: "S3Client", count: int) -> None:
    with small_pages(20):
        batch_each(s3, count)
        look = {"GetObject": 1, "ListObjectsV2": 1, "ListObjectVersions": 1}
        assert calls_to_plan(s3) == look
        assert calls_to_plan(s3, arriving=7) == look | {"PutObject": 7 + 1}
        pull(s3)
        assert calls_to_plan(s3) == look | {"GetObject": 2, "PutObject": 1}, "the batch that the index lacks is read"
        assert calls_to_plan(s3) == look


def test_keys_that_do_not_grow_are_listed_each_time(s3: "S3Client") -> None:
    with small_pages():
        for number in range(9):
            arrive(s3, f"{number}.csv")
        plan_batches(s3, names=NAMES, contract=TILL)
        arrive(s3, "0.csv", b"sent again")
        assert plan_batches(s3, names=NAMES, contract=TILL).batches == []
        with patch.object(planning, "ALL_LISTED_EVERY", timedelta(0)), patch.object(planning.log, "warning") as warn:
            (found,) = plan_batches(s3, names=NAMES, contract=TILL).batches
        assert [one.key for one in found.objects] == ["sales/till/0.csv"]
        warn.assert_called_once_with(ANY, "till", 1)


@pytest.mark.parametrize(
    ("keys", "after"),
    [
        ("abcd", ""),
        ("abcde", "c"),
        ("abcdefgh", "f"),
        ("abcdfeg", "e"),
        ("abcdefa", ""),
        ("edcba", ""),
        ("yzabcde", "e"),
        ("xyzabcde", ""),
        ("zabcde", "d"),
        ("aaaaa", ""),
    ],
)
def test_the_last_keys_are_those_of_objects_that_came_in_their_order(keys: str, after: str) -> None:
    with small_pages():
        assert listing.last_keys((datetime(2026, 1, 1, 0, 0, at), key) for at, key in enumerate(keys)) == after


def test_files_by_hand_are_found_at_once(s3: "S3Client", tmp_path: Path) -> None:
    with small_pages():
        for number in range(9):
            arrive(s3, f"{number}.csv")
        plan_batches(s3, names=NAMES, contract=TILL)
        (tmp_path / "a.csv").write_text("a")
        at = datetime(1, 1, 1, tzinfo=UTC)
        ingest.upload(s3, [tmp_path / "a.csv"], names=NAMES, contract=TILL, arrived_at=at)
        assert len(plan_batches(s3, names=NAMES, contract=TILL).batches) == 1


def test_an_index_ahead_of_the_manifests_is_not_used(s3: "S3Client") -> None:
    batch_each(s3, 2)
    lost = manifests.load(s3, names=NAMES, dataset="till", batch_id="till-00000002")
    s3.delete_object(Bucket=RAW, Key=f"{NAMES.batches_prefix(dataset='till')}{lost.batch_id}.json")
    with patch.object(planning.log, "warning") as warn:
        (planned,) = plan_batches(s3, names=NAMES, contract=TILL).batches
    assert planned.objects == lost.objects
    warn.assert_called_once_with(ANY, "till", 2)

"""Objects are spread over groups of about the same size; none is lost or duplicated, and small ones share a group."""

from hypothesis import given
from hypothesis import strategies as st

from lakehouse.batches.manifests import StageObject
from lakehouse.moves.stage_to_raw import LEAST_BYTES, MOST_BYTES, spread

MIB = 2**20


def objects(*sizes: int) -> list[StageObject]:
    return [
        StageObject(bucket="stage", key=f"{i:04}", etag="e", version_id=None, size=size) for i, size in enumerate(sizes)
    ]


@given(st.lists(st.integers(0, 2 * MOST_BYTES), max_size=40), st.integers(1, 16))
def test_every_object_is_in_one_group(sizes: list[int], cores: int) -> None:
    groups = spread(objects(*sizes), cores=cores)
    keys = [stage_object.key for group in groups for stage_object in group]
    assert sorted(keys) == [stage_object.key for stage_object in objects(*sizes)]
    for group in groups:
        assert [stage_object.key for stage_object in group] == sorted(stage_object.key for stage_object in group)


@given(st.lists(st.integers(1, 2 * MOST_BYTES), min_size=1, max_size=40), st.integers(1, 16))
def test_no_group_is_far_larger_than_another(sizes: list[int], cores: int) -> None:
    weights = [sum(stage_object.size for stage_object in group) for group in spread(objects(*sizes), cores=cores)]
    assert all(weights)
    assert max(weights) - min(weights) <= max(sizes)


def test_many_small_objects_share_one_group() -> None:
    assert len(spread(objects(*[30_000] * 305), cores=8)) == 1


def test_cores_are_used_when_there_is_enough_for_each() -> None:
    assert len(spread(objects(*[LEAST_BYTES] * 20), cores=8)) == 8
    assert len(spread(objects(*[100 * MIB] * 100), cores=8)) == 20
    assert len(spread(objects(10 * MOST_BYTES), cores=8)) == 1


def test_nothing_is_one_empty_group() -> None:
    assert spread([], cores=8) == [[]]

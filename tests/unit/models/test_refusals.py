"""Which models of a build may be published: the decision, by examples and by properties of any build."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from models.publication.refusals import Test as Result
from models.publication.refusals import ancestors, judged, order, refusals

PARENTS = {"base": (), "mart": ("base",), "report": ("mart",), "other": ()}


def result(status: str, *parents: str, attached: str | None = None, message: str = "Got 2 results") -> Result:
    return Result(name="t", status=status, message=message, parents=parents, attached=attached)


def refused(*tests: Result, **statuses: str) -> dict[str, str]:
    return refusals(dict.fromkeys(PARENTS, "success") | statuses, parents=PARENTS, tests=tests)


def test_all_that_passed_is_published() -> None:
    assert refused(result("pass", "mart", "base"), result("warn", "base", attached="base")) == {}


def test_a_failed_test_refuses_its_model_and_those_that_read_it() -> None:
    assert refused(result("fail", "mart", attached="mart")) == {
        "mart": "test t: Got 2 results",
        "report": "it reads mart, which was not published",
    }


def test_a_comparison_with_an_ancestor_judges_the_descendant() -> None:
    assert refused(result("fail", "report", "base")).keys() == {"report"}
    assert refused(result("fail", "base", "mart", "other")).keys() == {"mart", "other", "report"}


def test_a_test_that_a_model_declares_judges_that_model() -> None:
    assert refused(result("fail", "base", "other", attached="base")).keys() == {"base", "mart", "report"}


def test_the_test_of_a_model_that_was_not_built_judges_what_was_built() -> None:
    test = result("fail", "mart", "base", attached="mart")
    assert judged(test, built={"base"}, parents=PARENTS) == ["base"]


def test_a_test_that_did_not_run_refuses() -> None:
    assert refused(result("skipped", "other", attached="other", message="")) == {"other": "test t: it did not run"}
    assert refused(result("error", "other", message="SYNTAX_ERROR")) == {"other": "test t: SYNTAX_ERROR"}


def test_a_model_that_was_not_built_is_named() -> None:
    assert refused(mart="error", report="skipped") == {
        "mart": "error: it was not built",
        "report": "skipped: it was not built",
    }


class Run(NamedTuple):
    """Any project and any result of its build."""

    parents: dict[str, tuple[str, ...]]
    statuses: dict[str, str]
    tests: list[Result]


@st.composite
def runs(draw: st.DrawFn) -> Run:
    models = [f"m{number}" for number in range(draw(st.integers(1, 7)))]
    parents = {
        model: tuple(draw(st.sets(st.sampled_from(models[:number])))) if number else ()
        for number, model in enumerate(models)
    }
    built = draw(st.sets(st.sampled_from(models)))
    statuses = {model: draw(st.sampled_from(["success", "success", "success", "error", "skipped"])) for model in built}
    tests = [
        Result(
            name=f"t{number}",
            status=draw(st.sampled_from(["pass", "warn", "fail", "error", "skipped"])),
            message="",
            parents=(read := tuple(draw(st.sets(st.sampled_from(models), min_size=1)))),
            attached=draw(st.none() | st.sampled_from(read)),
        )
        for number in range(draw(st.integers(0, 5)))
    ]
    return Run(parents, statuses, tests)


@given(runs())
def test_any_build(run: Run) -> None:
    reasons = refusals(run.statuses, parents=run.parents, tests=run.tests)
    published = run.statuses.keys() - reasons.keys()
    assert reasons.keys() <= run.statuses.keys()
    for model in published:
        assert run.statuses[model] == "success"
        # What it has read of this build was published with it.
        assert not set(run.parents[model]) & reasons.keys()
    for test in run.tests:
        built = set(test.parents) & run.statuses.keys()
        if test.status not in ("pass", "warn") and built:
            blamed = judged(test, built=run.statuses.keys(), parents=run.parents)
            assert blamed
            assert not set(blamed) & published
            # Nobody is spared: what a failed test has read is refused, or it is an ancestor of what was.
            older = {ancestor for model in blamed for ancestor in ancestors(model, parents=run.parents)}
            assert test.attached in blamed or built <= {*blamed, *older}


@given(runs())
def test_every_refusal_has_a_cause(run: Run) -> None:
    reasons = refusals(run.statuses, parents=run.parents, tests=run.tests)
    for model in reasons:
        chain = {model, *ancestors(model, parents=run.parents)} & run.statuses.keys()
        failed = [test for test in run.tests if test.status not in ("pass", "warn")]
        assert any(run.statuses[one] != "success" for one in chain) or any(
            set(judged(test, built=run.statuses.keys(), parents=run.parents)) & chain for test in failed
        )


@given(runs())
def test_models_come_after_what_they_read(run: Run) -> None:
    ordered = order(run.statuses.keys(), parents=run.parents)
    assert sorted(ordered) == sorted(run.statuses)
    for number, model in enumerate(ordered):
        assert not set(run.parents[model]) & set(ordered[number:])


@given(runs())
def test_a_better_result_refuses_no_more(run: Run) -> None:
    reasons = refusals(run.statuses, parents=run.parents, tests=run.tests)
    fewer = refusals(run.statuses, parents=run.parents, tests=run.tests[1:])
    assert fewer.keys() <= reasons.keys()

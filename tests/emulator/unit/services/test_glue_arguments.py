"""What Glue makes of a job's arguments."""

from hypothesis import given
from hypothesis import strategies as st

from emulator.services.glue.arguments import driver_environment, script_arguments

names = st.from_regex(r"[A-Z][A-Z0-9_]{0,8}", fullmatch=True)
values = st.text(st.characters(exclude_characters='"', exclude_categories=["Cc", "Cs"]), max_size=12)


@given(st.dictionaries(names, values))
def test_quoted_environment_variables_come_through(variables: dict[str, str]) -> None:
    text = ",".join(f'{name}="{value}"' for name, value in variables.items())
    assert driver_environment({"--customer-driver-env-vars": text}) == variables


def test_plain_environment_variables() -> None:
    assert driver_environment({"--customer-driver-env-vars": "A=1,B=x y,C="}) == {"A": "1", "B": "x y", "C": ""}
    assert driver_environment({}) == {}


def test_glues_own_arguments_are_not_the_scripts() -> None:
    given_arguments = {"--conf": "spark.x=1", "--dataset": "sales.orders", "--enable-metrics": "true"}
    assert script_arguments(given_arguments, job="j", run="jr_1") == [
        *("--JOB_NAME", "j", "--JOB_RUN_ID", "jr_1", "--dataset", "sales.orders")
    ]

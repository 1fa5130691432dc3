"""The life cycle of the embedded AWS."""

import boto3

from local import embedded


def test_a_second_up_finds_the_first(aws: embedded.Server) -> None:
    assert embedded.up(aws.root) == aws
    assert embedded.status(aws.root) == aws


def test_it_stands_for_its_account(aws: embedded.Server) -> None:
    assert boto3.client("sts").get_caller_identity()["Account"] == aws.account

"""The LF-Tags that the governance stack deploys, for tests that deploy nothing."""

from collections.abc import Sequence
from typing import Any

import boto3

from lakehouse.contracts.model import Contract
from lakehouse.governance import tags


def make(contracts: Sequence[Contract]) -> None:
    """Make the tags of some datasets; those that another test made stay."""
    client: Any = boto3.client("lakeformation")
    there = {tag["TagKey"] for tag in client.list_lf_tags()["LFTags"]}
    for key, values in tags.values(contracts).items():
        if key not in there:
            client.create_lf_tag(TagKey=key, TagValues=values)

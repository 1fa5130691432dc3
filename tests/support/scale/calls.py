"""Count the calls to AWS that code makes through boto3."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from botocore.client import BaseClient

_call = BaseClient._make_api_call


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """Give the number of calls of each operation; it grows until the end of the block."""
    calls: Counter[str] = Counter()

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        calls[operation] += 1
        return _call(client, operation, parameters)

    with patch.object(BaseClient, "_make_api_call", call):
        yield calls

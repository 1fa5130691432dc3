"""Clients of the AWS services that statements use: Glue, S3 and Athena's API at an endpoint."""

import threading
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import TYPE_CHECKING, Any

import boto3
import pyarrow.fs
from botocore.config import Config
from pyiceberg.catalog.glue import GlueCatalog

if TYPE_CHECKING:
    from mypy_boto3_athena import AthenaClient
    from mypy_boto3_glue import GlueClient
    from mypy_boto3_s3 import S3Client

_lock = threading.Lock()

CONNECT_SECONDS, REQUEST_SECONDS = 10, 60
"""Arrow waits one and three seconds by default, which a busy machine exceeds: a statement failed for no reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cloud:
    """Clients of one account and region, shared by threads; a copy in another process connects again.

    Attributes:
        address: endpoint, credentials and region, as `connect` takes them.
        glue: Glue.
        s3: S3.
        athena: Athena's API, for prepared statements.
        catalog: PyIceberg's catalog on Glue.
        files: S3 for pyarrow.
    """

    address: dict[str, Any]
    glue: "GlueClient"
    s3: "S3Client"
    athena: "AthenaClient"
    catalog: GlueCatalog
    files: pyarrow.fs.S3FileSystem

    @property
    def restricted(self) -> bool:
        """Whether Lake Formation decides about the principal."""
        return bool(self.address["restricted"])

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(connect, **self.address), ()


@lru_cache(maxsize=32)
def connect(
    *, endpoint: str, access_key: str, secret_key: str, token: str | None, region: str, restricted: bool = False
) -> Cloud:
    """Return the clients of an endpoint.

    Args:
        endpoint: such as `http://127.0.0.1:4566`.
        access_key: access key id of the principal that sends the statement.
        secret_key: its secret access key.
        token: its session token, if the credentials are temporary.
        region: AWS region.
        restricted: whether Lake Formation decides about the principal.
    """
    address = {
        "endpoint": endpoint,
        "access_key": access_key,
        "secret_key": secret_key,
        "token": token,
        "region": region,
        "restricted": restricted,
    }
    with _lock:  # boto3 creates clients in one thread at a time
        session = boto3.Session(access_key, secret_key, token, region)
        config = Config(max_pool_connections=32, retries={"max_attempts": 2}, proxies={})

        def client(service: str) -> Any:
            return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]

        scheme, _, host = endpoint.partition("://")
        glue = client("glue")
        catalog = GlueCatalog(
            "athena",
            client=glue,
            **{
                "s3.endpoint": endpoint,
                "s3.region": region,
                "s3.access-key-id": access_key,
                "s3.secret-access-key": secret_key,
                **({"s3.session-token": token} if token else {}),
                "s3.connect-timeout": str(CONNECT_SECONDS),
                "s3.request-timeout": str(REQUEST_SECONDS),
            },
        )
        return Cloud(
            address=address,
            glue=glue,
            s3=client("s3"),
            athena=client("athena"),
            catalog=catalog,
            files=pyarrow.fs.S3FileSystem(
                access_key=access_key,
                secret_key=secret_key,
                session_token=token,
                region=region,
                endpoint_override=host,
                scheme=scheme,
                connect_timeout=CONNECT_SECONDS,
                request_timeout=REQUEST_SECONDS,
            ),
        )


def delete(cloud: Cloud, uris: Iterable[str]) -> None:
    """Delete objects with boto3, because pyarrow leaves empty objects as folders."""
    by_bucket: dict[str, list[str]] = defaultdict(list)
    for uri in uris:
        bucket, key = split_uri(uri)
        by_bucket[bucket].append(key)
    for bucket, keys in by_bucket.items():
        for start in range(0, len(keys), 1000):
            objects: Any = [{"Key": key} for key in keys[start : start + 1000]]
            cloud.s3.delete_objects(Bucket=bucket, Delete={"Objects": objects, "Quiet": True})


def split_uri(uri: str) -> tuple[str, str]:
    """Return bucket and key of `s3://bucket/key`."""
    bucket, _, key = uri.partition("://")[2].partition("/")
    return bucket, key

"""Denials of IAM within a statement, as Athena's errors with the text of the denial.

Athena calls Glue, S3 and KMS as the caller of a statement, whose policies decide about files, tables and keys.

Sources: Athena user guide, "Athena error catalog" (permission errors); AWS knowledge center, "Why do I get an 'Access
Denied' error when I run a query in Amazon Athena?"; messages that users of engine version 3 report for S3
(`PERMISSION_DENIED: User: ... is not authorized to perform: s3:ListBucket ... (Service: S3, Status Code: 403 ...)`) and
for Glue (`... (Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException ...)`).
"""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import ClientError

from emulator.athena.runtime.cloud import Cloud
from emulator.athena.runtime.errors import (
    INSUFFICIENT,
    OUTPUT_TYPE,
    PERMISSION_TYPE,
    S3_PERMISSION_TYPE,
    AthenaError,
)

CODE = "PERMISSION_DENIED"
CODES = frozenset({"AccessDenied", "AccessDeniedException", "403"})
"""Codes of denials; an answer to HEAD has no body and its status as code."""

_MESSAGE = re.compile(
    r"User: \S+ is not authorized to perform: (?P<service>[\w-]+):\w+"
    r"(?s:.*?)(?:allows the [\w-]+:\w+ action|with an explicit deny in an? [\w -]+ (?:policy|boundary))"
)
# Arrow asks for the head of an object, whose denial has no body, or reads less than the body of an error.
_WITHOUT_TEXT = re.compile(r"ACCESS_DENIED|Failed to flush response stream")
_PLACE = re.compile(r"key '([^']*)' in bucket '([^']*)'")


def denial(error: BaseException, cloud: Cloud) -> AthenaError | None:
    """Return Athena's error if IAM denied a call that led to an error; None for all other errors.

    Args:
        error: the error.
        cloud: clients that act as the caller, for the text of a denial that Arrow does not tell.
    """
    chain = list(_chain(error))
    for one in chain:
        if isinstance(one, ClientError) and one.response["Error"]["Code"] not in CODES:
            continue
        if found := _MESSAGE.search(str(one)):
            return _error(found[0], service=found["service"])
    for one in chain:
        if isinstance(one, ClientError):
            if one.response["Error"]["Code"] in CODES and not _is_of_lake_formation(one):
                return _error("Access Denied", service="s3")
        elif _WITHOUT_TEXT.search(text := str(one)):
            return _asked_again(text, cloud)
    return None


def _asked_again(text: str, cloud: Cloud) -> AthenaError | None:
    """Return Athena's error for an object that Arrow may not read, with the text that S3 has for it."""
    if place := _PLACE.search(text):
        try:
            cloud.s3.get_object(Bucket=place[2], Key=place[1], Range="bytes=0-0")
        except ClientError as error:
            if error.response["Error"]["Code"] not in CODES:
                return None
            found = _MESSAGE.search(str(error))
            return _error(found[0] if found else "Access Denied", service="s3")
    return _error("Access Denied", service="s3") if "ACCESS_DENIED" in text else None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it was raised from, which have the text of a denial that PyIceberg leaves out."""
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__ or current.__context__


def _is_of_lake_formation(error: ClientError) -> bool:
    return str(error.response["Error"].get("Message", "")).startswith(INSUFFICIENT)


def _error(text: str, *, service: str) -> AthenaError:
    request = uuid.uuid4()
    if service == "glue":
        details = (
            f"Service: AmazonDataCatalog; Status Code: 400; Error Code: AccessDeniedException; Request ID: {request}"
        )
        return AthenaError("", f"{text} ({details}; Proxy: null)", kind=PERMISSION_TYPE)
    return AthenaError(CODE, f"{text} (Service: S3, Status Code: 403, Request ID: {request})", kind=S3_PERMISSION_TYPE)


@contextmanager
def denials(cloud: Cloud, *, output: str | None = None) -> Iterator[None]:
    """Turn denials in this block, by IAM or Lake Formation, into errors of the statement.

    Args:
        cloud: clients that act as the caller.
        output: URI of the statement's result if this block writes it.

    Raises:
        AthenaError: a call was denied.
    """
    try:
        yield
    except AthenaError:
        raise
    except Exception as error:
        if isinstance(error, ClientError) and _is_of_lake_formation(error):
            raise AthenaError("", error.response["Error"]["Message"]) from None
        found = denial(error, cloud)
        if found is None:
            raise
        raise (found if output is None else _of_output(output)) from error


def _of_output(uri: str) -> AthenaError:
    text = (
        f"Access denied when writing output to url: {uri} . Please ensure you are allowed to access the S3 bucket. If "
        "you are encrypting query results with KMS key, please ensure you are allowed to access your KMS key"
    )
    return AthenaError("", text, kind=OUTPUT_TYPE)

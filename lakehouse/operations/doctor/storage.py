"""Buckets and the key that encrypts them."""

from collections.abc import Iterator

from lakehouse.names import Zone
from lakehouse.operations.doctor.check import Deployment, Finding, client, each, failed, passed, passed_if

BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
PROBE = "lakehouse-doctor"


def check_buckets(deployment: Deployment) -> Iterator[Finding]:
    """Check that each bucket exists and blocks public access."""
    names = deployment.names
    expected = {*map(names.bucket, Zone), names.scripts_bucket, names.results_bucket, names.logs_bucket}
    pages = client("s3").get_paginator("list_buckets").paginate()
    existing = {bucket["Name"] for page in pages for bucket in page.get("Buckets", [])}
    for bucket in sorted(expected - existing):
        yield failed(purpose(bucket, deployment), "the bucket does not exist")
    ours = sorted(bucket for bucket in existing if bucket.startswith(f"{names.prefix}-"))

    def blocks(bucket: str) -> Finding:
        found = client("s3").get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
        missing = [block for block in BLOCKS if not found.get(block)]
        return passed_if(
            not missing,
            purpose(bucket, deployment),
            f"does not have {', '.join(missing)}" if missing else "blocks public access",
        )

    yield from each(ours, blocks)


def purpose(bucket: str, deployment: Deployment) -> str:
    """Return the name of a bucket without account and region, which every other bucket of the deployment has too."""
    names = deployment.names
    return f"bucket {bucket.removesuffix(f'-{names.account}-{names.region}')}"


def check_key(deployment: Deployment) -> Iterator[Finding]:
    """Check that the key can be used and is rotated."""
    kms, alias = client("kms"), deployment.names.key_alias
    key = kms.describe_key(KeyId=alias)["KeyMetadata"]
    yield passed_if(key["KeyState"] == "Enabled", alias, f"{key['KeyState']}, {key.get('KeyManager', 'CUSTOMER')}")
    rotated = kms.get_key_rotation_status(KeyId=key["KeyId"])["KeyRotationEnabled"]
    yield passed_if(rotated, f"rotation of {alias}", "is on" if rotated else "is off")


def check_contract_readable(deployment: Deployment) -> Iterator[Finding]:
    """Check that a role may read an object that the key encrypts: a published contract."""
    names = deployment.names
    prefix = names.contracts_uri.removeprefix(f"s3://{names.scripts_bucket}/")
    s3 = client("s3")
    listed = s3.list_objects_v2(Bucket=names.scripts_bucket, Prefix=prefix, MaxKeys=1).get("Contents", [])
    if not listed:
        yield failed("published contracts", "there is none")
        return
    s3.get_object(Bucket=names.scripts_bucket, Key=listed[0]["Key"])["Body"].read()
    yield passed("published contracts", "one was read and decrypted")


def check_delivery_to_stage(deployment: Deployment) -> Iterator[Finding]:
    """Check that an operator may deliver to stage: write and encrypt a part of an upload, which is then aborted.

    An upload that was not completed is no object: it starts no move, and nothing of it stays.
    """
    s3, bucket = client("s3"), deployment.names.bucket(Zone.STAGE)

    def deliver(prefix: str) -> Finding:
        key = f"{prefix}{PROBE}"
        upload = s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]
        try:
            s3.upload_part(Bucket=bucket, Key=key, UploadId=upload, PartNumber=1, Body=b"probe")
        finally:
            s3.abort_multipart_upload(Bucket=bucket, Key=key, UploadId=upload)
        return passed(prefix, "a part was written and removed")

    yield from each(sorted({contract.stage_prefix for contract in deployment.contracts}), deliver)

"""PyIceberg's Glue catalog on the emulator, with PyIceberg's defaults."""

import os

from pyiceberg.catalog.glue import GlueCatalog


def load() -> GlueCatalog:
    """Return the catalog at the endpoint and in the region that the environment names.

    PyIceberg reaches Glue through boto3, which reads both variables, and S3 through Arrow, which does not.
    """
    return GlueCatalog(
        "glue_catalog",
        None,
        **{"client.region": os.environ["AWS_REGION"], "s3.endpoint": os.environ["AWS_ENDPOINT_URL"]},
    )

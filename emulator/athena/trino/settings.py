"""The settings of a Trino and of its two catalogs: the emulator's Iceberg tables and its Hive tables."""

from dataclasses import dataclass

from emulator.runtime.environment import HOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Lake:
    """The emulator whose catalog and files a Trino reads and writes.

    Attributes:
        endpoint: `http://127.0.0.1:PORT`.
        account: account id, which is the access key of its root user.
        region: AWS region.
    """

    endpoint: str
    account: str
    region: str


def files(lake: Lake, *, port: int) -> dict[str, dict[str, str | int]]:
    """Return the settings of the server and its catalogs by file."""
    glue: dict[str, str | int] = {
        "hive.metastore.glue.region": lake.region,
        "hive.metastore.glue.endpoint-url": lake.endpoint,
        "hive.metastore.glue.aws-access-key": lake.account,
        "hive.metastore.glue.aws-secret-key": "local",
        "hive.metastore.glue.default-warehouse-dir": "s3://none/",
        "fs.native-s3.enabled": "true",
        "s3.endpoint": lake.endpoint,
        "s3.region": lake.region,
        "s3.path-style-access": "true",
        "s3.aws-access-key": lake.account,
        "s3.aws-secret-key": "local",
    }
    return {
        "config.properties": {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": port,
            "discovery.uri": f"http://{HOST}:{port}",
            "web-ui.enabled": "false",
            "catalog.management": "static",
            "query.max-memory-per-node": "1GB",
            "query.max-run-time": "30m",
            "query.client.timeout": "1m",
            "query.max-history": 20,
            "query.min-expire-age": "1m",
        },
        # Views name this catalog. It redirects to `hive` for tables that are not Iceberg's.
        "catalog/awsdatacatalog.properties": {
            "connector.name": "iceberg",
            "iceberg.catalog.type": "glue",
            "iceberg.hive-catalog-name": "hive",
            "iceberg.unique-table-location": "false",
            **glue,
        },
        "catalog/hive.properties": {
            "connector.name": "hive",
            "hive.metastore": "glue",
            "hive.security": "allow-all",
            "hive.iceberg-catalog-name": "awsdatacatalog",
            "hive.non-managed-table-writes-enabled": "true",
            "hive.storage-format": "PARQUET",
            **glue,
        },
    }

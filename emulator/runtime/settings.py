"""Settings of the server process, as environment variables of ministack."""

import os
from pathlib import Path

HOST = "127.0.0.1"


def ministack_settings(root: Path, *, port: int, account: str, region: str) -> dict[str, str]:
    """Environment variables that make ministack local, persistent and free of docker."""
    return {
        "GATEWAY_PORT": str(port),
        "BIND_HOST": HOST,
        "MINISTACK_HOST": "localhost",
        "MINISTACK_ACCOUNT_ID": account,
        "MINISTACK_REGION": region,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "DOCKER_HOST": "unix:///nonexistent/docker.sock",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(root / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(root / "s3"),
        "LOG_LEVEL": os.environ.get("LAKEHOUSE_LOCAL_LOG_LEVEL", "INFO"),
        "LAKEHOUSE_LOCAL_ROOT": str(root),
    }

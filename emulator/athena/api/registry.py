"""Every kind of statement that can be executed registers itself when this module is imported."""

from emulator.athena.api import prepared
from emulator.athena.statements import (
    alter_table,
    create_table,
    create_view,
    ctas,
    databases,
    dml,
    insert,
    maintenance,
    partitions,
    query,
    show,
)

__all__ = [
    "alter_table",
    "create_table",
    "create_view",
    "ctas",
    "databases",
    "dml",
    "insert",
    "maintenance",
    "partitions",
    "prepared",
    "query",
    "show",
]

"""Maintenance of Iceberg tables with PyIceberg alone, without an engine or a service."""

"""Upkeep of Iceberg tables by PyIceberg alone: no engine, no service."""

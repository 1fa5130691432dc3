"""Integrate versions of rows into the integration tables: append-only records, upserts by key, and snapshots."""

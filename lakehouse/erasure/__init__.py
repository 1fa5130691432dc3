"""Erase one person's records from every zone and prove it by a scan of all object versions. See docs/erasure.md."""

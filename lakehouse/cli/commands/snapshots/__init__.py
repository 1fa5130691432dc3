"""Commands about the snapshots of tables."""

"""Compare integration with its source database, and fix the rows that differ."""

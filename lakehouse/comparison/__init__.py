"""Compare two states of a table: the rows that were added, removed and changed, and the columns that changed."""

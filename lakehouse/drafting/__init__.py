"""Draft the contract of a dataset from what its source has: files, or the tables of a database."""

"""Reader of Open Data Contract Standard (ODCS) documents: a `Contract`, or its violations."""

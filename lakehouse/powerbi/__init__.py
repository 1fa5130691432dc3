"""A Power BI project (PBIP) over the star schema: semantic model in TMDL and report in PBIR."""

"""Lake Formation: who may see and change which database, table, column and row of the Glue catalog.

Settings, locations, LF-Tags, permissions and data filters are kept as in AWS. They decide about each call of Glue's
catalog and each statement of Athena that a role or user sends. The root user is not restricted.

Source: AWS Lake Formation API reference and developer guide.
"""

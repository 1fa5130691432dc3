"""AWS Glue: a catalog with an optimistic lock for commits, and jobs that run as processes."""

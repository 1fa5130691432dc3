"""AWS Glue of the embedded AWS: a catalog whose commits can't get lost, and jobs that really run."""

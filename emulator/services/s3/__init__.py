"""S3 of the embedded AWS: bodies on disk, in pieces, never whole in memory for longer than a request needs them."""

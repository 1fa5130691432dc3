"""S3: objects are on disk, and are read and written in pieces, never completely in memory for longer than a request."""

"""The messages of PostgreSQL's logical replication, and the connection that carries them."""

"""Check in a running account what AWS decides and no template shows, under each role that the caller may take."""

"""Sources that are REST APIs: the client, the pages, and the pull that writes them to stage."""

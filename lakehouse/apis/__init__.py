"""Sources that are REST APIs: how a contract says that one is called, and the pull that brings its pages to stage."""

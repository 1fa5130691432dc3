"""AWS in one process on this machine."""

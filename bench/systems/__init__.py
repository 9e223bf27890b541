"""The systems that are measured: each is a process of its own that answers requests (see `protocol`)."""

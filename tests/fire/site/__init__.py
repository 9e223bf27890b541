"""A site whose code ends, or holds up, the process that runs it: the demo site with barriers of its own."""

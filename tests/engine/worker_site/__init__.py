"""A site whose worker processes the tests start: the demo site with barriers of its own."""

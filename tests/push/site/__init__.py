"""A site whose web server the tests start: the demo site with barriers of its own, and with streams that hurry."""

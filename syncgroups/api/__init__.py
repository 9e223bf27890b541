"""The REST API: what participants' pages poll, and what researchers read."""

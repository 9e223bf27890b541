"""Upgrades: migrations on a site that runs, and old and new code side by side on one database and one broker."""

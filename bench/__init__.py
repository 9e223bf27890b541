"""Speed: this app beside PsyNet and beside bare SQL, in one run on one PostgreSQL. `python3 dev.py bench` runs it."""

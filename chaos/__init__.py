"""Chaos: bots take part while processes are killed and servers restarted; then a checker reads what everybody saw.

`python3 dev.py chaos` runs it.
"""

"""Barriers, groupers and groups for the participants of online experiments."""

__version__ = "0.1.0"

"""A part of an experiment that is open while three people are present."""

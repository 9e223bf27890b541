"""A game of rock, paper, scissors for two: what an experiment that uses syncgroups looks like."""

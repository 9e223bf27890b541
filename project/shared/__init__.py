"""What the demos have in common: seats for several windows of one browser, consent, leaving, and looks."""

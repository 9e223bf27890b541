"""Groups of three, and then pairs of people who have not met."""

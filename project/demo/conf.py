"""Numbers of the game.

DEMO_GROUP_SIZE   how many play together; 2 unless given in the environment
"""

from project.shared.conf import number

GROUP_SIZE = number("DEMO_GROUP_SIZE", 2, least=2)

ROUNDS = 3

"""What may differ from one run of the demos to the next: numbers from the environment.

DEMO_MAX_WAIT       seconds after which a wait ends; 90 unless given
DEMO_ABSENT_AFTER   seconds after which somebody who waits for nothing is taken to have gone; three times that
"""

import os

from django.core.exceptions import ImproperlyConfigured


def number(name: str, default: int, *, least: int) -> int:
    """Read a whole number from the environment."""
    text = os.environ.get(name, "").strip() or str(default)
    if not text.isdecimal() or int(text) < least:
        raise ImproperlyConfigured(f"{name} must be a whole number from {least}, not {text!r}.")
    return int(text)


#: Seconds after which every wait ends.
MAX_WAIT = number("DEMO_MAX_WAIT", 90, least=2)

#: Seconds for which the others wait for somebody who does not come. Less than `MAX_WAIT`: it is the absent one
#: who goes, not those who wait.
PATIENCE = MAX_WAIT / 2

#: Seconds without any request after which somebody who waits for nothing is taken to have gone.
ABSENT_AFTER = number("DEMO_ABSENT_AFTER", 3 * MAX_WAIT, least=2)

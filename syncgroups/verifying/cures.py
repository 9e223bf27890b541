"""What to do, where several promises say the same."""

from django.utils.translation import gettext_lazy as _

BY_HAND = _(
    "This app does not write such rows: find out what else has written to the table, and put the row right by hand."
)

END_PROPERLY = _(
    "End participations by participant.fail(), leave() or finish(), never by writing to the row. Release the visit in"
    " the admin; it ends at its deadline at the latest."
)

RECOUNT = _(
    "Run manage.py process_barriers once: it recounts all groups. Look whether a worker and a beat are running."
)

SWEEP = _("Look whether a worker and a beat are running, or manage.py process_barriers --loop 1.")

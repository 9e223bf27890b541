"""Announcements for the site's own code, sent after the transaction that they report has committed.

The app receives none of them itself. Receivers that raise are logged and disturb nobody.
"""

from django.dispatch import Signal

#: A participant began to wait. Sender: the link's class; argument: ``link``.
arrived = Signal()

#: Participants were let through. Sender: the barrier's class; arguments: ``barrier_id``, ``cohort``,
#: ``participants`` (primary keys), ``group`` (primary key, or None).
released = Signal()

#: Waits ended at their deadline. Sender and arguments as for ``released``.
timed_out = Signal()

#: Participants were sent back to the grouper. Sender and arguments as for ``released``.
regrouped = Signal()

#: A group was formed. Sender: the group's class; argument: ``group``.
group_formed = Signal()

#: A group was closed. Sender: the group's class; arguments: ``group``, ``reason``.
group_closed = Signal()

#: A participant failed, left or finished. Sender: the participant's class; arguments:
#: ``participant``, ``reason``.
participant_ended = Signal()

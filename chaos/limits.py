"""How long things may take in a run: said once for the declarations, the settings, the bots and the checker."""

#: Seconds for which groups wait for members who do not come, and for which one may choose to wait longer.
PATIENCE, MORE = 6.0, 4.0
#: How often one may choose that.
EXTENSIONS = 1

#: Seconds of silence after which a bot is quiet, and gone; and how many are added to both while its page is hidden.
QUIET, GONE, GRACE = 4.0, 8.0, 6.0
#: Seconds after which the page of a bot asks while it is hidden: too seldom for a page that is seen.
HIDDEN_POLLS = 6.0

#: Seconds after which what has failed is tried again by a sweep, at most; the first time after one.
LONGEST_RETRY = 4.0

#: Seconds for which a pass may look at what was so before.
PASS = 2.0

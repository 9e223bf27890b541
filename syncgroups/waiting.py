"""What a participant sees while waiting."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WaitPage:
    """A page that is shown again and again until its reader is let through.

    Parameters
    ----------
    wait_time
        Seconds for which the page is shown before it asks again, where that is longer than ``POLL_INTERVAL``;
        also what one repetition counts for in the estimate of the waiting time.
    content
        A sentence or two for the participant. Plain text: it is escaped.
    template_name
        Template to render instead of the app's own; see the README for its context.
    """

    wait_time: float = 0.5
    content: str = ""
    template_name: str = "syncgroups/wait.html"

    @property
    def time_estimate(self) -> float:
        """Seconds that showing the page once is expected to take."""
        return self.wait_time

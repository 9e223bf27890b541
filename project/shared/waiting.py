"""What the demos show to those who wait."""

from typing import Any

from syncgroups.waiting import WaitPage


def wait_page(content: Any) -> WaitPage:
    """The app's own page, in the frame of the demos."""
    return WaitPage(content=content, template_name="shared/wait.html")

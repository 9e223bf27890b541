"""What a browser sees in a page of the demo: its forms, the link onwards, and whether it is for waiting."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin


@dataclass
class Form:
    action: str
    fields: dict[str, str] = field(default_factory=dict)
    #: Names and values of the buttons that have one.
    buttons: list[tuple[str, str]] = field(default_factory=list)
    #: What its element says in ``data-group-size``: how many play together.
    group_size: str = ""


@dataclass
class Page:
    url: str
    forms: dict[str, Form] = field(default_factory=dict)
    #: Where the page's link onwards leads.
    next_url: str | None = None
    #: Address to poll, and the visit whose end is awaited, where the page is for waiting.
    poll_url: str | None = None
    visit: str | None = None


def read_page(url: str, html: str) -> Page:
    """Find in a page what a participant can do with it."""
    reader = _Reader(url)
    reader.feed(html)
    return reader.page


class _Reader(HTMLParser):
    def __init__(self, url: str) -> None:
        super().__init__()
        self.page = Page(url)
        self._form: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "data-syncgroups-wait" in found:
            self.page.poll_url = urljoin(self.page.url, found["data-poll-url"])
            self.page.visit = found["data-visit"]
        elif tag == "form":
            self._form = Form(
                urljoin(self.page.url, found.get("action", "")), group_size=found.get("data-group-size", "")
            )
            self.page.forms[found.get("id", "")] = self._form
        elif tag == "a" and found.get("rel") == "next":
            self.page.next_url = urljoin(self.page.url, found["href"])
        elif self._form is not None and "name" in found:
            self._note_field(self._form, tag, found)

    @staticmethod
    def _note_field(form: Form, tag: str, found: dict[str, str]) -> None:
        if tag == "button":
            form.buttons.append((found["name"], found.get("value", "")))
        elif tag == "input":
            # A box that has to be ticked is ticked; "on" is what browsers send for one without a value.
            form.fields[found["name"]] = found.get("value", "on" if found.get("type") == "checkbox" else "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

"""A text that breaks out of whatever it is put into unescaped, and a reader that tells whether it did."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from django.db import models

#: Closes quoted and unquoted attributes and elements whose content is raw, opens an element, and calls the template.
PROBE = "'\" x-probe=1 ></title></script><xss-probe x-probe=2>{{ 7|add:7 }}"
SHOWN = "<xss-probe x-probe=2>{{ 7|add:7 }}"
ADDRESSES = {"href", "src", "action", "formaction", "data-poll-url"}


class Page(HTMLParser):
    """Everything that a page shows, and everything in it that came from a text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.broken: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.texts += [value or "" for _name, value in attrs]
        handlers = [name for name, _value in attrs if name == "x-probe" or name.startswith("on")]
        scripts = [value for name, value in attrs if name in ADDRESSES and is_script(value or "")]
        if tag == "xss-probe" or handlers or scripts:
            self.broken.append(f"{self.get_starttag_text()} in line {self.getpos()[0]}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return "\n".join(self.texts)


def is_script(address: str) -> bool:
    return address.strip().lower().startswith(("javascript:", "data:", "vbscript:"))


def read(answer: Any) -> str:
    """What a page shows. Fails when a text became part of the page itself, or would if a browser guessed its type."""
    assert answer["X-Content-Type-Options"] == "nosniff"
    content: str = answer.content.decode()
    if not answer["Content-Type"].startswith("text/html"):
        assert answer["Content-Type"] in {"application/json", "application/problem+json"}
        return content
    page = Page(content)
    assert not page.broken, page.broken
    return page.text


def spoil(model: Any) -> None:
    """Put the probe into every text of every row that somebody may set, whatever it is called."""
    for row in model._default_manager.all():
        fields = {field.attname: value for field in model._meta.concrete_fields if (value := probe_for(field, row.pk))}
        model._default_manager.filter(pk=row.pk).update(**fields)


def probe_for(field: Any, pk: Any) -> Any:
    """Each row gets another text: some must be unique."""
    if isinstance(field, models.JSONField):
        return {PROBE: [PROBE]}
    if isinstance(field, models.CharField | models.TextField) and not field.choices:
        return f"{pk}{PROBE}"[: field.max_length]
    return None

"""The catalogues of translations: `python3 dev.py messages` brings them up to date and compiles them.

Finds every text that is marked for translation in Python files and templates, adds what is new to each catalogue with
an empty translation, drops what is gone, and compiles. In pure Python, so that nobody needs gettext for it.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from copy import deepcopy
from io import BytesIO
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "syncgroups"
#: What is written in the code.
SOURCE = "en"
LANGUAGES = (SOURCE, "de", "es", "fr", "ar")
#: When, by whom and with what a catalogue was made is no part of it.
MAKING = ("POT-Creation-Date", "PO-Revision-Date", "Last-Translator", "Language-Team", "Generated-By", "Report-Msgid")
KEYWORDS: Any = {
    **dict.fromkeys(("_", "gettext", "gettext_lazy", "gettext_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}


def marked() -> Catalog:
    """Every text that is marked for translation, with the places where it is."""
    catalog = Catalog(project="syncgroups", version="", charset="utf-8")
    for path in sorted([*APP.rglob("*.py"), *APP.rglob("*.html")]):
        place = path.relative_to(ROOT).as_posix()
        for _, message, _, context in extract("python", BytesIO(source(path)), keywords=KEYWORDS):
            # Without lines: they change with everything.
            catalog.add(message, locations=[(place, None)], context=context)  # type: ignore[list-item]
    return catalog


def source(path: Path) -> bytes:
    """What a file says, as Python: Django turns templates into something like it."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        # Lines that are indented at will are no Python.
        text = "\n".join(line.strip() for line in templatize(text).splitlines())
    return text.encode()


def file_of(language: str) -> Path:
    return APP / "locale" / language / "LC_MESSAGES" / "django.po"


def read(language: str) -> Catalog:
    file = file_of(language)
    with file.open("rb") as stored:
        return read_po(stored, locale=language)


def as_po(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_po(buffer, catalog, width=110, omit_header=False, ignore_obsolete=True, sort_output=True)
    return re.sub(rb'"(%s):.*\n' % "|".join(MAKING).encode(), b"", buffer.getvalue())


def as_mo(catalog: Catalog) -> bytes:
    buffer = BytesIO()
    write_mo(buffer, WithoutMaking(catalog))  # type: ignore[arg-type]
    return buffer.getvalue()


class WithoutMaking:
    """A catalogue whose header says nothing that changes from one making to the next."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog, self.charset = catalog, catalog.charset

    def __iter__(self) -> Iterator[Message]:
        for message in self.catalog:
            if not message.id:
                kept = [line for line in str(message.string).splitlines() if not line.startswith(MAKING)]
                message.string = "\n".join(kept) + "\n"
            yield message


def updated(language: str, template: Catalog) -> Catalog:
    """The catalogue with the texts that are marked now. Those in the source's own language are what is written."""
    catalog = read(language)
    # A copy, because what is new becomes part of the catalogue as it is.
    catalog.update(deepcopy(template), no_fuzzy_matching=True)
    for message in catalog if language == SOURCE else ():
        message.string = message.id
    return catalog


def untranslated(catalog: Catalog) -> Iterator[Message]:
    """Those without a translation, or with one that lacks a form."""
    for message in catalog:
        texts = message.string if isinstance(message.string, list | tuple) else [message.string]
        if message.id and (message.fuzzy or not all(texts)):
            yield message


def main() -> int:
    template, missing = marked(), 0
    for language in LANGUAGES:
        catalog, file = updated(language, template), file_of(language)
        file.write_bytes(as_po(catalog))
        file.with_suffix(".mo").write_bytes(as_mo(read(language)))
        without = list(untranslated(catalog))
        missing += len(without)
        print(f"{language}: {len(catalog)} texts, {len(without)} without a translation")
    return min(missing, 1)


if __name__ == "__main__":
    sys.exit(main())

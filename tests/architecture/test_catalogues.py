"""The catalogues of translations say everything that the code says, in every language, and are compiled."""

import re
from functools import cache

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from syncgroups.wording import count, count_forms, duration, looking_for
from tools.messages import LANGUAGES, SOURCE, as_mo, as_po, file_of, marked, read, untranslated, updated

pytestmark = pytest.mark.once

PLACEHOLDER = re.compile(r"\{\w*\}|%\(\w+\)[sd]|%[sd]")
NUMBERS = {"{n}", "{here}", "%(n)s", "%(n)d"}
#: How many of the forms of a plural are of one number only, which need not be said then.
OF_ONE_NUMBER = {"en": 1, "de": 1, "es": 1, "ar": 3}


@cache
def template():
    return marked()


every_language = pytest.mark.parametrize("language", LANGUAGES)


def ids(catalog):
    return {(message.context, message.id) for message in catalog if message.id}


def texts(message):
    return message.string if isinstance(message.string, tuple) else (message.string,)


def test_something_is_marked_for_translation():
    """Fails when extraction finds nothing, and all other tests are content."""
    found = ids(template())
    assert (None, "Please wait") in found, "in a template"
    assert (None, ("{here} of {needed} is here", "{here} of {needed} are here")) in found, "in Python"
    assert len(found) > 200


@every_language
def test_the_catalogue_has_what_is_marked_and_nothing_else(language):
    """Mended by `python3 dev.py messages`."""
    assert ids(read(language)) == ids(template())
    assert file_of(language).read_bytes() == as_po(updated(language, marked()))


@every_language
def test_everything_is_translated(language):
    """Fails when a text is new, or worded anew: participants and researchers read it in the midst of theirs."""
    assert [message.id for message in untranslated(read(language))] == []


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != SOURCE])
def test_no_translation_is_what_it_translates(language):
    """Catches a text that was copied into the catalogue of another language, and looks translated."""
    alike = [message.id for message in read(language) if is_sentence(message) and message.id in texts(message)]
    assert alike == []


def is_sentence(message):
    return isinstance(message.id, str) and message.id.count(" ") > 2 and "%" not in message.id


def test_texts_that_are_new_have_no_translation_in_any_other_language():
    """Catches a text that becomes part of one catalogue after another, with the translation of the first."""
    template = marked()
    template.add("Something new")
    updated(SOURCE, template)
    assert [updated(language, template)["Something new"].string for language in ("de", "ar")] == [None, None]


@every_language
def test_every_translation_has_the_places_of_what_it_translates(language):
    """Catches `{heer}`: a page that fails in one language only."""
    wrong = [
        (message.id, text)
        for message in read(language)
        if message.id and any(texts(message))
        for form, text in enumerate(texts(message))
        if not fits(message, form, text, language)
    ]
    assert wrong == []


def fits(message, form, text, language):
    is_plural = isinstance(message.id, tuple)
    places, wanted = (
        set(PLACEHOLDER.findall(text)),
        set(PLACEHOLDER.findall(message.id[1] if is_plural else message.id)),
    )
    of_one_number = is_plural and form < OF_ONE_NUMBER.get(language, 0)
    return places == wanted or (of_one_number and places <= wanted <= places | NUMBERS)


def test_every_place_in_a_text_has_a_name():
    """Translators may need another order."""
    for message in template():
        for text in texts(message) if isinstance(message.id, str) else message.id:
            assert not {"{}", "%s", "%d"} & set(PLACEHOLDER.findall(text or "")), text


@every_language
def test_the_compiled_catalogue_is_that_of_the_written_one(language):
    """Catches a translation that was written and not compiled. Mended by `python3 dev.py messages`."""
    file = file_of(language)
    with file.open("rb") as stored:
        assert file.with_suffix(".mo").read_bytes() == as_mo(read_po(stored, locale=language))


@every_language
def test_the_catalogue_is_what_django_uses(language):
    with translation.override(language):
        said = translation.gettext("Please wait")
    assert said == read(language)["Please wait"].string
    assert (said == "Please wait") == (language == SOURCE)


def test_arabic_has_six_forms():
    with translation.override("ar"):
        forms = {count(n, 200).replace(str(n), "#") for n in (0, 1, 2, 3, 11, 100)}
        assert len(forms) == 6
        assert len({looking_for(n) for n in (1, 2, 3, 11, 100)}) == 5
        assert duration(120) == "حوالي دقيقتين"


def test_a_script_is_given_the_forms_that_differ_and_no_more():
    with translation.override("en"):
        assert set(count_forms()) == {"1", "100"}
    with translation.override("fr"):
        assert set(count_forms()) == {"0", "1", "100"}
    with translation.override("ar"):
        assert {"0", "1", "2", "3", "11", "100"} <= set(count_forms())

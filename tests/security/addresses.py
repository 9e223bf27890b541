"""Paths as a client may send them: each address of a site, filled with what fits and with what does not."""

from __future__ import annotations

import re

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern
from hypothesis import strategies as st

#: The researchers' pages and API (whose routes are regular expressions) have tests of their own; a stream that a test's
#: site makes up is none of ours.
NOT_FOR_PARTICIPANTS = ("admin/", "api/", "sync/api/v1/^", "sync/metrics/", "stream/")

#: Values that make sense, by the name of the part of the path.
Known = dict[str, list[str]]

#: What parsers, databases, templates, headers and redirects stumble over.
ODD = [
    *["", " ", "\0", "a\0b", "\n", "\r\nSet-Cookie: evil=1", "\ufeff", "\u202e", "\ud800", "٣"],
    *["../../etc/passwd", "//evil.example", "\\\\evil.example", "https://evil.example/", "javascript:alert(1)"],
    *["'\"><script>alert(1)</script>", "{{ 7|add:7 }}", "%s%n%(a)s{0}", "' OR 1=1 --"],
    *["-1", "0", "1e400", "NaN", "9" * 20, "9" * 5000, "x" * 101, "ÿ" * 101, "\U0001f600" * 30, "x" * 20_000],
    "7d1b7d1c-0000-4000-8000-000000000000",
]

odd_texts = st.sampled_from(ODD) | st.text(max_size=12)
#: Bytes as WSGI hands them over: each is one character.
raw_texts = st.binary(max_size=12).map(lambda raw: raw.decode("latin-1"))


def as_wsgi(text: str) -> str:
    """A text in UTF-8, in the form in which WSGI hands it over. Halves of a pair are sent as they are."""
    return text.encode("utf-8", "surrogatepass").decode("latin-1")


def routes(urlconf: str) -> list[str]:
    """Every route of the site that participants may ask for, such as ``players/<int:player>/``."""
    return [route for route in walk(get_resolver(urlconf)) if not route.startswith(NOT_FOR_PARTICIPANTS)]


def walk(resolver: URLResolver, before: str = "") -> list[str]:
    found: list[str] = []
    for entry in resolver.url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLPattern):
            assert isinstance(entry.pattern, RoutePattern) or route.startswith(NOT_FOR_PARTICIPANTS), route
            found.append(route)
        else:
            found += walk(entry, route)
    return found


def fitting_paths(route: str, known: Known) -> st.SearchStrategy[str]:
    """Paths that lead to the page, in the form of WSGI. Parts of which nothing is known are small numbers."""
    return filled(route, known, st.integers(0, 4).map(str))


def odd_parts(route: str, known: Known) -> st.SearchStrategy[str]:
    """Paths of the page's shape, with anything in their parts."""
    return filled(route, {}, odd_texts)


def odd_paths(route: str, known: Known) -> st.SearchStrategy[str]:
    """Paths that may lead there, or nearly."""

    def spoil(path: str, place: int, text: str) -> str:
        place %= len(path) + 1
        return path[:place] + as_wsgi(text) + path[place:]

    fitting = fitting_paths(route, known)
    slashless = fitting.map(lambda path: path.rstrip("/"))
    spoilt = st.builds(spoil, fitting, st.integers(0, 60), odd_texts)
    return st.one_of(odd_parts(route, known), slashless, slashless.map("/{}".format), spoilt)


def filled(route: str, known: Known, otherwise: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    parts = re.split(r"<(?:\w+:)?(\w+)>", route)
    texts = [
        (st.sampled_from(known[part]) if part in known else otherwise) if place % 2 else st.just(part)
        for place, part in enumerate(parts)
    ]
    return st.tuples(*texts).map(lambda chosen: "/" + as_wsgi("".join(chosen)))

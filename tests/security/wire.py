"""Whole requests as a client may send them: nothing is checked or put right on the way to the site."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus, urlencode

from django.conf import settings as site
from django.test import Client
from hypothesis import strategies as st

from .addresses import Known, as_wsgi, fitting_paths, odd_parts, odd_paths, odd_texts, raw_texts
from .scene import Headers, Scene

Texts = st.SearchStrategy[str]

METHODS = ["GET", "POST", "HEAD", "OPTIONS", "PUT", "PATCH", "DELETE", "TRACE", "PROPFIND", "get", "\xff"]
NAMES = ["agree", "cohort", "move", "csrfmiddlewaretoken", "_method", "next", "public_id", "status", "token", "player"]
VALUES = ["on", "rock", "", "monday", "finished", "https://evil.example/", "//evil.example/"]
ACCEPTS = ["text/html", "application/json", "*/*", "*/*;q=NaN", "text/html;q=x,,;", "\xff", "a" * 10_000]
HOSTS = ["testserver", "testserver:80", "TESTSERVER", "testserver.", "evil.example", "a\r\nb", "[::1", "a@b"]
#: Those that are no lengths are refused by web servers, before any code of a site is asked.
LENGTHS = ["0", "1", "100000", ""]
OTHERS = ["ACCEPT_LANGUAGE", "IF_NONE_MATCH", "IF_MODIFIED_SINCE", "ORIGIN", "REFERER", "RANGE", "X_REQUESTED_WITH"]

FORM, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"
#: Without the charsets that Python knows and cannot decode texts by (hex, idna): they break Django's own reading of
#: the environment, before any code of a site is asked.
TYPES = [
    *[FORM, MULTIPART, f"{FORM}; charset=klingon", f"{FORM}; charset=utf-16", f"{MULTIPART}; charset=utf-7"],
    *["multipart/form-data", "application/json", "text/plain; charset=latin-1", "application/xml", ";;;=", ""],
]
DEEP = b"[" * 50_000
MANY = b"&".join(b"a=1" for _ in range(1500))
HALF_A_PART = b'--x\r\nContent-Disposition: form-data; name="move"; filename="\0"\r\n\r\nrock'

header_texts = raw_texts | odd_texts.map(as_wsgi)
other_headers = {f"HTTP_{name}": header_texts for name in OTHERS}


@dataclass(frozen=True)
class Request:
    """One request in the words of WSGI."""

    environ: Headers
    body: bytes = b""

    def send(self, client: Client) -> Any:
        """Send it, and let the client forget what it is answered."""
        length = str(len(self.body))
        answer = client.request(**{"CONTENT_LENGTH": length, **self.environ, "wsgi.input": io.BytesIO(self.body)})
        client.cookies.clear()
        return answer

    @property
    def text(self) -> str:
        """Everything that is in it, also as it is once decoded."""
        sent = "\n".join([*self.environ.values(), self.body.decode("latin-1")])
        return f"{sent}\n{unquote_plus(sent)}"


def fitting_requests(scene: Scene, route: str, known: Known, signed_in: Headers) -> st.SearchStrategy[Request]:
    """Requests that a page answers, of somebody who is signed in; what comes with them need not make sense."""
    paths = st.sampled_from([fitting_paths, fitting_paths, fitting_paths, odd_parts])
    environ = {
        "REQUEST_METHOD": st.sampled_from(METHODS[:2]),
        "PATH_INFO": paths.flatmap(lambda paths: paths(route, known)),
        "HTTP_ACCEPT": st.sampled_from(ACCEPTS[:2]),
        "QUERY_STRING": forms(scene).map(lambda typed: typed[1].decode()),
        **{name: st.just(value) for name, value in signed_in.items()},
    }
    return st.builds(assembled, st.fixed_dictionaries(environ, optional=other_headers), forms(scene))


def odd_requests(scene: Scene, route: str, known: Known) -> st.SearchStrategy[Request]:
    """Requests near a page, of which nothing has to make sense."""
    environ = {
        "REQUEST_METHOD": st.sampled_from(METHODS),
        "PATH_INFO": fitting_paths(route, known) | odd_paths(route, known),
        "HTTP_COOKIE": cookies(scene),
    }
    seldom = {
        "QUERY_STRING": forms(scene).map(lambda typed: typed[1].decode()) | raw_texts,
        "HTTP_ACCEPT": st.sampled_from(ACCEPTS),
        "HTTP_AUTHORIZATION": authorizations(scene),
        "HTTP_HOST": st.sampled_from(HOSTS),
        "HTTP_X_HTTP_METHOD_OVERRIDE": st.sampled_from(METHODS),
        "HTTP_X_FORWARDED_HOST": st.sampled_from(HOSTS),
        "CONTENT_LENGTH": st.sampled_from(LENGTHS),
    }
    contents = st.sampled_from([b"", DEEP, MANY, HALF_A_PART]) | st.binary(max_size=40)
    bodies = forms(scene) | st.tuples(st.sampled_from(TYPES), contents)
    return st.builds(assembled, st.fixed_dictionaries(environ, optional={**seldom, **other_headers}), bodies)


def assembled(environ: Headers, typed: tuple[str, bytes]) -> Request:
    kind, body = typed
    return Request({"CONTENT_TYPE": kind, **environ}, body)


def forms(scene: Scene) -> st.SearchStrategy[tuple[str, bytes]]:
    """Forms with what the demo asks for, with known names of which the values need not fit, and with anything."""
    ticket = st.tuples(st.just("ticket"), credentials([*scene.tickets, *scene.tokens]))
    consent = ticket.map(lambda field: [field, ("agree", "on")])
    known = st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES) | odd_texts)
    anything = st.lists(known | st.tuples(odd_texts, odd_texts), max_size=5)
    everything = (st.sampled_from(VALUES) | odd_texts).map(lambda value: [(name, value) for name in NAMES])
    fields = st.one_of(consent, st.just([("move", "rock")]), everything, anything)
    return fields.map(lambda pairs: (FORM, urlencode(pairs, errors="surrogatepass").encode()))


def credentials(secrets: list[str]) -> Texts:
    """Secrets that are good, of which one character is missing or another one, and what never was a secret."""

    def change(secret: str, place: int, letter: str) -> str:
        place %= len(secret)
        return secret[:place] + (letter if letter != secret[place] else "") + secret[place + 1 :]

    whole = st.sampled_from(secrets)
    spoilt = st.builds(change, whole, st.integers(0, 500), st.sampled_from("aZ0:.-\0\xff"))
    return st.one_of(whole, spoilt, header_texts)


def authorizations(scene: Scene) -> Texts:
    schemes = st.sampled_from(["Participant ", "participant  ", "Participant\t", "Bearer ", "Basic ", ""])
    return st.builds("{}{}".format, schemes, credentials([*scene.tokens, *scene.tickets]))


def cookies(scene: Scene) -> Texts:
    keys = credentials([*scene.sessions, *scene.tokens])
    quoted = keys.map('"{}\\000"'.format)
    return (keys | quoted).map(f"{site.SESSION_COOKIE_NAME}={{}}".format) | header_texts

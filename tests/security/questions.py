"""What programs of researchers may ask: every parameter that a resource declares, with what fits and what does not."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote, urlencode

from django.urls import reverse
from hypothesis import strategies as st

from syncgroups.api.urls import router

from .addresses import odd_texts

#: By the name of the resource, the view that answers.
RESOURCES = {basename: viewset for _prefix, viewset, basename in router.registry}

MOMENTS = [
    *["2026-11-22", "2026-11-22T10:00", "2026-11-22 10:00:00.123456+01:00", "2026-11-22T10:00Z", "2026-02-30", "24:00"],
    *["0001-01-01T00:00:00", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59", "9999-12-31T23:59:59-23:59"],
    *["0000-00-00", "10000-01-01", "2026-11-22T10:00+99:99", "1e10", "now", "infinity", "-infinity"],
]
NUMBERS = ["1", "2", "1000", "1001", "1.0", "+1", "\uff11", "0x1", "1_0", "9" * 19, "-" + "9" * 30, "9" * 5000]
WORDS = ["true", "false", "waiting", "released", "working", "left", "c0", "rps", "choice_made", ""]
ORDERS = ["created", "-created", "cohort", "-time_credit", "n_waiting", "-error_count", "arrival_time", "-time", "pk"]
FITTING = {
    "arrived_after": MOMENTS,
    "arrived_before": MOMENTS,
    "page_size": NUMBERS,
    "failed": WORDS[:2],
    "active": WORDS[:2],
    "paused": WORDS[:2],
    "ordering": ORDERS,
    "state": WORDS[2:4],
    "status": WORDS[4:6],
    "cohort": WORDS[6:],
    "barrier_id": WORDS[6:],
    "group_type": WORDS[6:],
}


def questions(basename: str, ids: list[str]) -> st.SearchStrategy[str]:
    """Addresses with parameters, for the list and for one row. `ids` are of rows that there are."""
    parameters = sorted(RESOURCES[basename].filterset_class.base_filters)
    known = st.sampled_from(parameters).flatmap(lambda name: st.tuples(st.just(name), values(name, ids)))
    queries = st.lists(known, max_size=3) | st.lists(known | st.tuples(odd_texts, odd_texts), max_size=5)
    texts = queries.map(lambda pairs: urlencode(pairs, errors="surrogatepass"))
    return st.builds("{}?{}".format, paths(basename, ids), texts)


def paths(basename: str, ids: list[str]) -> st.SearchStrategy[str]:
    address = reverse(f"syncgroups:{basename}-list")
    keys = (st.sampled_from(ids) | odd_texts).map(lambda key: quote(key, safe="/", errors="surrogatepass"))
    return st.just(address) | keys.map(f"{address}{{}}/".format)


def values(name: str, ids: list[str]) -> st.SearchStrategy[str]:
    if name == "cursor":
        return cursors()
    return st.sampled_from(FITTING.get(name, ids)) | odd_texts


def cursors() -> st.SearchStrategy[str]:
    """Cursors of well-known shape with any position in them, and what never was a cursor."""
    known = st.sampled_from(NUMBERS + MOMENTS) | odd_texts
    positions = st.tuples(st.sampled_from("por"), known | st.lists(known, min_size=1, max_size=3).map(json.dumps))
    contents = st.lists(positions, max_size=3).map(lambda pairs: urlencode(pairs, errors="surrogatepass").encode())
    return (contents | st.binary(max_size=12)).map(lambda raw: b64encode(raw).decode()) | odd_texts

"""A stream of hints from the server, for tests of pages that listen. What the tests say is said to all who do."""

from collections.abc import Iterator
from queue import Queue
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from syncgroups.views import BarrierView

OVER = "over"
PUSHED = 5


class Streams:
    """The streams that are open."""

    def __init__(self) -> None:
        self.open: list[Queue[str]] = []
        self.refused = 0
        self.offered = True
        self.kept_back = False

    def say(self, event: str) -> None:
        for queue in self.open:
            queue.put(event)

    def answer(self, request: HttpRequest) -> HttpResponseBase:
        if not self.offered:
            self.refused += 1
            return HttpResponse(status=406)
        self.open.append(Queue())
        return StreamingHttpResponse(self._events(self.open[-1]), content_type="text/event-stream")

    def _events(self, queue: "Queue[str]") -> Iterator[str]:
        if not self.kept_back:
            yield "event: changed\ndata:\n\n"
        while (event := queue.get()) != OVER:
            yield f"event: {event}\ndata:\n\n"


streams = Streams()


def stream(request: HttpRequest) -> HttpResponseBase:
    return streams.answer(request)


class StreamingBarrierView(BarrierView):
    def get_page_context(self, *args: Any) -> dict[str, Any]:
        pushed = {"stream_url": "/stream/", "push_poll_interval": PUSHED}
        return {**super().get_page_context(*args), **pushed}

"""Goes through the quorum demo by its pages."""

from project.quorum.experiment import QUESTIONS
from syncgroups import testing
from syncgroups.models import ParticipantLinkBarrier

from .demo_windows import Window, open_all

GROUPER, ANSWERED = "quorum_grouper", "quorum_answered"


class Seat(Window):
    demo = "quorum"

    def rate(self, stars="4", turn=None):
        """Press a button of the rating page, or of one that is still open in a second tab."""
        turn = self.turn if turn is None else turn
        return self._follow(self.client.post(f"{self.address('wait')}?turn={turn}", {"stars": stars}))

    @property
    def turn(self):
        return ParticipantLinkBarrier.objects.at(GROUPER).filter(participant=self.participant).latest("pk").turns

    def answer(self, number, choice=None):
        return self.send("question", number, choice=choice or next(iter(QUESTIONS[number - 1])))

    @property
    def ratings(self):
        return [answer.value for answer in self.participant.answers.filter(question__startswith="animal")]


def text(response):
    return response.content.decode()


def waiting(n):
    """So many windows whose participants rate animals."""
    windows = [Seat.agreeing() for _ in range(n)]
    open_all(windows)
    testing.process(GROUPER)
    return windows


def in_quorum(n=3):
    """So many windows that see the first question."""
    windows = waiting(n)
    open_all(windows)
    assert {window.page for window in windows} == {"questions/1/"}
    return windows


def answer_all(windows, number):
    for window in windows:
        window.answer(number)
    testing.process(ANSWERED)
    open_all(windows)


def statuses(windows):
    return [window.participant.status for window in windows]

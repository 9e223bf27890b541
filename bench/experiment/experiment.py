"""The smallest PsyNet experiment: PsyNet works inside of one only."""

import psynet.experiment
from psynet.page import InfoPage
from psynet.timeline import Timeline


class Exp(psynet.experiment.Experiment):
    label = "Benchmark"
    timeline = Timeline(InfoPage("Hello", time_estimate=1))


def note(group):
    """An on_release that does nothing. PsyNet wants it importable from the experiment."""

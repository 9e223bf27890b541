"""What a researcher is refused with is a sentence in their language."""

import ast

import pytest

from syncgroups import exceptions
from tests.servers import ROOT

pytestmark = pytest.mark.once

PROCESSING = ROOT / "syncgroups" / "processing"
PLACES = [*(ROOT / "syncgroups" / "operating").glob("*.py"), PROCESSING / "endings.py", PROCESSING / "steering.py"]


def unmarked(source):
    """The lines that raise an error of ours with a text that is not marked for translation."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and isinstance(node.exc.func, ast.Name):
            kind = getattr(exceptions, node.exc.func.id, None)
            if kind and any(isinstance(said, ast.JoinedStr | ast.Constant) for said in node.exc.args):
                yield node.lineno


@pytest.mark.parametrize("path", PLACES, ids=lambda path: path.name)
def test_refusals_are_marked_for_translation(path):
    """Catches: a sentence in English on a page in another language."""
    assert not list(unmarked(path.read_text()))


def test_the_reader_of_refusals_sees_what_is_not_marked():
    """The proof of the proof."""
    assert list(unmarked("raise NotWaiting('gone')")) == list(unmarked("raise NotWaiting(f'{x} gone')")) == [1]
    assert not list(unmarked("raise NotWaiting(_('gone'))"))

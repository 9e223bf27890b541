"""What the README and the documentation say is true: snippets can be compiled, settings exist."""

import ast
import re
from pathlib import Path
from typing import Any

import pytest

from syncgroups import testing
from syncgroups.conf import Settings
from syncgroups.models import Participant, ParticipantLinkBarrier, SyncGroup

pytestmark = pytest.mark.once

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()
#: All that is said to those who write sites.
TOLD = "\n".join([README, *(page.read_text() for page in sorted((ROOT / "docs").glob("*.md")))])
SNIPPETS = re.findall(r"```python\n(.*?)```", TOLD, re.S)


def test_every_python_snippet_compiles():
    assert len(SNIPPETS) > 15
    for snippet in SNIPPETS:
        ast.parse(snippet)


def test_every_name_that_a_snippet_imports_from_the_app_exists():
    for module, names in re.findall(r"^from (syncgroups[\w.]*) import (.+)$", TOLD, re.M):
        found = __import__(module, fromlist=["*"])
        for name in names.split(", "):
            assert hasattr(found, name), f"{module}.{name}"


def test_the_documentation_shows_the_waiting_page():
    """Light and dark, on a laptop and on a phone."""
    shown = re.findall(r"!\[[^]]+\]\(images/([\w-]+)\.png\)", (ROOT / "docs" / "waiting-page.md").read_text())
    assert {"waiting-light", "waiting-dark", "waiting-phone"} <= set(shown)


def test_the_table_of_settings_is_the_list_of_settings():
    rows = dict(re.findall(r"^\| `SYNCGROUPS_(\w+)` \| (\S+) \|", README, re.M))
    assert {name: str(default) for name, default in vars(Settings).items() if name.isupper()} == {
        name: default.strip('`"') for name, default in rows.items()
    }


def example(word: str) -> dict[str, Any]:
    """What the snippet with that word in it leaves behind. It has to run as printed, next to no other barrier."""
    (snippet,) = [text for text in SNIPPETS if word in text]
    scope: dict[str, Any] = {}
    exec(compile(snippet, "documentation", "exec"), scope)
    return scope


def test_the_example_of_a_grouper_runs_as_printed():
    with testing.declared():
        scope = example("class ThreeOfAKind")
        people = [Participant(pk=pk, details={"language": "de"}) for pk in range(7)]
        proposals = scope["ThreeOfAKind"]("other").group(people)
    assert [len(proposal.members) for proposal in proposals] == [3, 3]


def test_the_example_of_newcomers_opens_with_three_and_takes_a_fourth(db):
    with testing.declared():
        example("def is_open")
        people = testing.make_participants(4)
        testing.arrive_all(people[:3], "quorum_grouper")
        testing.process("quorum_grouper")
        testing.arrive_all(people[3:], "quorum_grouper")
        testing.process("quorum_grouper")
        assert [group.n_active_participants for group in SyncGroup.objects.all()] == [4]
        people[0].leave()
        people[1].leave()
        testing.arrive_all(people[2:], "answered")
        testing.process("answered")
        assert SyncGroup.objects.active().count() == 0
        assert {link.participant for link in ParticipantLinkBarrier.objects.waiting()} == set(people[2:])


def test_the_example_of_new_partners_pairs_nobody_with_somebody_from_before(db):
    with testing.declared():
        example("class NewPartners")
        people = testing.make_participants(6)
        for trio in (people[:3], people[3:]):
            testing.arrive_all(trio, "trio_grouper")
            testing.process("trio_grouper")
            testing.arrive_all(trio, "closer_trio")
            testing.process("closer_trio")
            testing.arrive_all(trio, "pair_grouper")
            testing.process("pair_grouper")
        pairs = [group.active_participants for group in SyncGroup.objects.active()]
        assert len(pairs) == 3
        assert all(len(set(pair) & set(people[:3])) == 1 for pair in pairs)

"""What the README says is true: its snippets can be compiled, its settings and files exist."""

import ast
import re
from pathlib import Path
from typing import Any

from syncgroups import testing
from syncgroups.conf import Settings
from syncgroups.models import Participant

ROOT = Path(__file__).resolve().parent.parent.parent
README = (ROOT / "README.md").read_text()


def test_every_python_snippet_compiles():
    snippets = re.findall(r"```python\n(.*?)```", README, re.S)
    assert len(snippets) > 5
    for snippet in snippets:
        ast.parse(snippet)


def test_every_name_that_a_snippet_imports_from_the_app_exists():
    for module, names in re.findall(r"^from (syncgroups[\w.]*) import (.+)$", README, re.M):
        found = __import__(module, fromlist=["*"])
        for name in names.split(", "):
            assert hasattr(found, name), f"{module}.{name}"


def test_the_table_of_settings_is_the_list_of_settings():
    rows = dict(re.findall(r"^\| `SYNCGROUPS_(\w+)` \| (\S+) \|", README, re.M))
    assert {name: str(default) for name, default in vars(Settings).items() if name.isupper()} == {
        name: default.strip('`"') for name, default in rows.items()
    }


def test_the_example_of_a_grouper_runs_as_printed():
    (snippet,) = [text for text in re.findall(r"```python\n(.*?)```", README, re.S) if "class ThreeOfAKind" in text]
    with testing.declared():
        scope: dict[str, Any] = {}
        exec(compile(snippet, "README.md", "exec"), scope)
        people = [Participant(pk=pk, details={"language": "de"}) for pk in range(7)]
        proposals = scope["ThreeOfAKind"]("other").group(people)
    assert [len(proposal.members) for proposal in proposals] == [3, 3]

"""The types that the client for scripts tells editors of are those of the description."""

import json
import re
from pathlib import Path

import pytest

import syncgroups
from syncgroups.api.openapi import description

CLIENT = (Path(syncgroups.__file__).parent / "static" / "syncgroups" / "client.js").read_text()

#: What the description calls what is answered; `Options` are what one asks by.
TYPES = {
    "Wait": "OwnWait",
    "Group": "OwnGroup",
    "Standing": "OwnStanding",
    "Visit": "OwnVisit",
    "Estimate": "OwnEstimate",
}
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean"}


def typedefs():
    """The type of each field of each type, as written."""
    comments = re.sub(r"\n \*", " ", CLIENT)
    declared = re.findall(r"@typedef \{\{(.*?)\}\} (\w+)", comments)
    return {
        name: {field: " ".join(kind.split()) for field, kind in re.findall(r"(\w+\??): ([^,]+)(?:,|$)", fields)}
        for fields, name in declared
    }


def kinds_of(described):
    """How a field may be written that is described so. Where values are listed, with these or without."""
    if described.get("type") == "array":
        of = described["items"]["$ref"].rpartition("/")[2]
        return {f"{name}[]" for name, called in TYPES.items() if called == of}
    empty = " | null" if described.get("nullable") else ""
    listed = " | ".join(map(json.dumps, described.get("enum", ())))
    return {kind + empty for kind in (PLAIN[described["type"]], listed) if kind}


def test_all_that_is_answered_has_a_type():
    """Catches types that are not found, so that none could be wrong; and one of which nothing is known here."""
    assert typedefs().keys() - {"Options"} == TYPES.keys()
    answered = set(re.findall(r"@returns \{Promise<(\w+)>\}", CLIENT))
    assert answered <= {*TYPES, "any"}


@pytest.mark.parametrize("name", TYPES)
def test_types_for_scripts_are_those_that_are_described(name):
    """Catches a field that scripts are told of, and whose editors are not; one that is called otherwise by now."""
    described = description()["components"]["schemas"][TYPES[name]]["properties"]
    written = typedefs()[name]
    assert written.keys() == described.keys()
    for field, kind in written.items():
        assert kind in kinds_of(described[field]), field

"""Writes the description of the API, from which clients can be made, into the documentation."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import django

DESCRIPTION = Path(__file__).resolve().parent.parent / "docs" / "openapi.yaml"


def written() -> str:
    """The description, as it is to be in the file."""
    from drf_spectacular.renderers import OpenApiYamlRenderer

    from syncgroups.api.openapi import description

    renderer: Any = OpenApiYamlRenderer()
    return str(renderer.render(description(), renderer_context={}).decode())


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    django.setup()
    DESCRIPTION.write_text(written())

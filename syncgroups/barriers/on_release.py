"""What a function that is called as a group goes on may ask for, by the names of its parameters."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

#: What an ``on_release`` may name among its parameters.
ON_RELEASE_ARGUMENTS = ("group", "participants", "leader", "barrier")


def wanted(function: Callable[..., Any]) -> list[str]:
    """Which of the arguments this function names; all of them for one that takes any."""
    parameters = inspect.signature(function).parameters.values()
    if any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
        return list(ON_RELEASE_ARGUMENTS)
    return [parameter.name for parameter in parameters if parameter.name in ON_RELEASE_ARGUMENTS]


def unknown_arguments(function: Any) -> Iterator[str]:
    """A sentence for each argument that this function needs and the engine cannot give, or for what is no function."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        yield "on_release is not a function whose parameters can be read"
        return
    for parameter in parameters:
        optional = parameter.default is not parameter.empty or parameter.kind in {
            parameter.VAR_KEYWORD,
            parameter.VAR_POSITIONAL,
        }
        if parameter.name not in ON_RELEASE_ARGUMENTS and not optional:
            yield f"on_release asks for '{parameter.name}', which the engine cannot give"

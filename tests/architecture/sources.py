"""The app's own source, read as syntax."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "syncgroups"


def trees(*parts: str) -> dict[str, ast.Module]:
    """The syntax of every module below the app's folder, or below some of its parts, by its path in it."""
    roots = [APP / part for part in parts] or [APP]
    files = [file for root in roots for file in (root.rglob("*.py") if root.is_dir() else [root])]
    return {str(file.relative_to(APP)): ast.parse(file.read_text()) for file in sorted(files) if file.exists()}


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Each call with the last name of what is called: ``a.b.save()`` is ``save``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            yield name, node


def imports(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Each module that is imported, by its written name; relative ones begin with dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            yield "." * node.level + (node.module or ""), node


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Each function and method."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node

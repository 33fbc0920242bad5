"""The parts of the sandbox import each other in one direction only."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import cdc_sandbox

ROOT = Path(cdc_sandbox.__file__).parent


def parts_imported(file: Path) -> set[str]:
    """First names below `cdc_sandbox` (a folder or a module) that a file imports relatively, from outside its own folder."""
    package = file.relative_to(ROOT).parent.parts
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level > len(package):
            found |= {node.module.partition(".")[0]} if node.module else {alias.name for alias in node.names}
    return found


def test_no_part_imports_one_that_imports_it() -> None:
    graph: dict[str, set[str]] = {}
    for file in ROOT.rglob("*.py"):
        part = file.relative_to(ROOT).parts[0].removesuffix(".py")
        graph.setdefault(part, set()).update(parts_imported(file) - {part})
    assert {"process", "settings"} <= graph["kubernetes"], "imports are found"
    TopologicalSorter(graph).prepare()

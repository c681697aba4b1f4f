"""The check that every use case of pages, commands and API that changes something is recorded."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import ocim

ROOT = Path(ocim.__file__).parents[1]
OPERATIONS = "ocim.operations"
WRITES = {
    *("save", "create", "delete", "bulk_create", "bulk_update", "create_superuser"),
    *("get_or_create", "update_or_create"),
}
UNRECORDED: Mapping[str, str] = {
    "balancing.sync": "It makes the balancer follow changes that are recorded.",
    "balancing.sync_and_wait": "It makes the balancer follow changes that are recorded.",
    "idempotency.begin": "It remembers a request, whose changes are recorded.",
    "idempotency.finish": "It remembers an answer.",
    "idempotency.forget": "It forgets an answer.",
    "job_runner.release_all_leases": "It is the end of a process.",
    "passkeys.finish_sign_in": "It notes the use of a passkey.",
    "password_requests.request": "It counts requests; the mail is recorded.",
    "tokens.check": "It notes the time of a token's use.",
    "workers.begin": "It is the beginning of a process.",
    "workers.end": "It is the end of a process.",
    "workers.renew": "It is a sign of life of a process.",
}
"""Use cases that need no entry, each with the reason."""

Function = tuple[str, str]
"""Module and name."""


def modules(folder: str) -> Iterator[tuple[str, ast.Module]]:
    for path in sorted((ROOT / folder).rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        yield name, ast.parse(path.read_text())


@cache
def operations() -> dict[str, ast.Module]:
    return dict(modules("ocim/operations"))


def imported(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Return what names stand for: a module and "", or a function's module and its name."""
    names = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ocim."):
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                target = (whole, "") if whole in operations() else (node.module or "", alias.name)
                names[alias.asname or alias.name] = target
    return names


def uses(node: ast.AST, names: Mapping[str, tuple[str, str]]) -> set[Function]:
    """Return the functions of other modules that the code names."""
    used = set()
    for part in ast.walk(node):
        match part:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if module in names:
                used.add((names[module][0], name))
            case ast.Name(id=name) if name in names:
                used.add(names[name])
    return used


@cache
def functions() -> dict[Function, tuple[set[Function], bool]]:
    """Return what each function of operations uses, and whether it writes by itself."""
    known = {}
    for module, tree in operations().items():
        own = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
        names = imported(tree) | {node.name: (module, node.name) for node in own}
        for node in own:
            known[module, node.name] = (uses(node, names), any(map(writes, ast.walk(node))))
    return known


def writes(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(attr=name)) if name in WRITES:
            return True
        case ast.Call(func=ast.Attribute(attr="update"), keywords=[_, *_]):
            return True
    return False


def reached(start: Function) -> set[Function]:
    seen, todo = set(), [start]
    while todo:
        function = todo.pop()
        if function not in seen:
            seen.add(function)
            todo += functions().get(function, (set(), False))[0]
    return seen


def use_cases() -> set[Function]:
    called = set()
    for folder in ("ocim/console", "ocim/web", "ocim/api"):
        for _, tree in modules(folder):
            called |= uses(tree, imported(tree))
    return called & functions().keys()


def test_every_use_case_that_changes_something_records_it() -> None:
    records = {(f"{OPERATIONS}.audit", name) for name in ("record", "record_many")}
    silent = set()
    for use_case in use_cases():
        parts = reached(use_case)
        changes = any(functions()[part][1] for part in parts & functions().keys())
        if changes and not records & parts:
            silent.add(".".join(use_case).removeprefix(f"{OPERATIONS}."))
    assert silent == UNRECORDED.keys()


def test_many_use_cases_are_looked_at() -> None:
    names = {name for _, name in use_cases()}
    assert names >= {"change", "hold", "begin", "submit", "grant", "prune", "rotate", "remove"}

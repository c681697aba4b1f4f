"""The text of `ocim --help`: Ocim's own commands, without loading any of them.

To import all commands, and Django, takes a second.
"""

import ast
from pathlib import Path

COMMANDS = Path(__file__).parent / "management" / "commands"
DASHED = {
    "database-server": "database_server",
    "meilisearch-server": "meilisearch_server",
    "mongodb-server": "mongodb_server",
    "search-server": "search_server",
    "shared-settings": "shared_settings",
}
"""Module per command whose name has a dash."""


def own_commands() -> list[str]:
    """Return the names of Ocim's commands as they are typed, sorted."""
    typed = {module: name for name, module in DASHED.items()}
    modules = [path.stem for path in COMMANDS.glob("[!_]*.py")]
    return sorted(typed.get(module, module) for module in modules)


def overview(program: str) -> str:
    """Return a line for each of Ocim's commands, and where to find Django's."""
    summaries = {name: _summary(DASHED.get(name, name)) for name in own_commands()}
    width = max(map(len, summaries))
    return "\n".join(
        [
            f"usage: {program} COMMAND …",
            "",
            *(f"  {name:<{width}}  {summary}" for name, summary in summaries.items()),
            "",
            f"`{program} COMMAND --help` shows a command's options and examples;",
            f"`{program} --version` prints the version. Django's commands work, too: migrate,",
            f"shell, dbshell, … (`{program} help --commands` lists all).",
        ]
    )


def _summary(module: str) -> str:
    """Return the value of `help` in the class `Command` of a module, read from its source."""
    tree = ast.parse((COMMANDS / f"{module}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name("help")], value=ast.Constant(str(summary))):
                return summary
    raise LookupError(f"The command {module} has no help.")

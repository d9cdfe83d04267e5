"""`stagedoor enable [PATH]`: games of this project may open their stage door."""

import argparse

from stagedoor.cli.command import OK, Verbs, add_path, add_verb


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "enable",
        run,
        "enable stagedoor in a project",
        "Writes `enabled = true` into [tool.stagedoor] of its pyproject.toml, and keeps the rest\n"
        "as it is; where there is no such file, makes one with that table alone.",
    )
    add_path(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    from stagedoor.cli.project import set_enabled

    set_enabled(arguments.path, True)
    return OK

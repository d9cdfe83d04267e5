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
        "Writes `enabled = true` into [tool.stagedoor] of the project's pyproject.toml, and keeps\n"
        "the rest of the file. If there is no such file, it makes one with only that table.",
    )
    add_path(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    from stagedoor.cli.project import set_enabled

    set_enabled(arguments.path, True)
    return OK

"""`stagedoor disable [PATH]`: games of this project must not open their stage door."""

import argparse

from stagedoor.cli.command import OK, Verbs, add_path, add_verb


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "disable",
        run,
        "disable stagedoor in a project",
        "Writes `enabled = false` into [tool.stagedoor] of the project's pyproject.toml, unless\n"
        "the project is disabled already. A game that is running is not affected.",
    )
    add_path(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    from stagedoor.cli.project import set_enabled

    set_enabled(arguments.path, False)
    return OK

"""`stagedoor disable [PATH]`: games of this project are to keep their stage door shut."""

import argparse

from stagedoor.cli.command import OK, Verbs, add_path, add_verb


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "disable",
        run,
        "disable stagedoor in a project",
        "Writes `enabled = false` into [tool.stagedoor] of its pyproject.toml, if that says\n"
        "otherwise now. A game that runs goes on as it is.",
    )
    add_path(parser)


def run(arguments: argparse.Namespace) -> int:
    """Do it."""
    from stagedoor.cli.project import set_enabled

    set_enabled(arguments.path, False)
    return OK

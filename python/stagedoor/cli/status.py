"""`stagedoor status [PATH]`: is stagedoor enabled in this project, what decided that, and which
games run."""

import argparse
import os

from stagedoor import settings
from stagedoor.cli.command import OK, Verbs, add_json, add_path, add_verb
from stagedoor.cli.terminal import print_line, print_value, wants_json


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "status",
        run,
        "show whether stagedoor is enabled in a project, what decided that, and which games run",
        "A game reads the pyproject.toml nearest to its own main file. Give that file as PATH to\n"
        "be sure.",
    )
    add_path(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    from stagedoor.cli.project import note_unknown_keys, project_folder
    from stagedoor.cli.ps import games_as_json, show_games
    from stagedoor.client.find.games import running_games

    folder = str(project_folder(arguments.path).resolve())
    pyproject = settings.find_pyproject(folder)
    decision = settings.environment_says(os.environ) or settings.project_says(pyproject, folder)
    games = running_games()
    note_unknown_keys(pyproject)
    if wants_json(arguments.json):
        status = {
            "enabled": decision.enabled,
            "why": decision.why,
            "problem": decision.problem,
            "pyproject": pyproject,
            "games": games_as_json(games),
        }
        print_value(status, as_json=True)
        return OK
    print_line(f"stagedoor is {'enabled' if decision.enabled else 'disabled'}: {decision.why}")
    if not decision.enabled:
        print_line(settings.HOW_TO_ENABLE)
    show_games(games, as_json=False)
    return OK

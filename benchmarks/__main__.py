"""Run the benchmarks: `python -m benchmarks [--quick] [--only PATTERN]`."""

import argparse
import os
import sys

from . import costs, environment, machine, report, runner, targets
from .measure import Duration

RESULT = environment.ROOT / "build" / "bench.json"
THOROUGH = runner.Rounds(5, 21, Duration(seconds=1.0, warmup=0.3))
QUICK = runner.Rounds(1, 1, Duration(seconds=0.5, warmup=0.2))


def main() -> int:
    """Print tables and verdicts. The exit code is 1 if something could not be measured."""
    options = arguments()
    rounds = QUICK if options.quick else THOROUGH
    scenarios = runner.chosen(options.only)
    scripts = [script for script in costs.SCRIPTS if runner.is_chosen(script, options.only)]
    if not scenarios and not scripts:
        print(f"no benchmark has {options.only!r} in its name")
        return 1

    environment.prepare()
    described = machine.describe()
    print(", ".join(f"{key}: {value}" for key, value in described.items()))
    seconds = rounds.duration.seconds
    print(
        f"{rounds.all} to {rounds.most} rounds of {seconds:g} s; client, server: shares of a core"
    )
    if os.getloadavg()[0] > machine.BUSY:
        print("the machine is busy with other programs: do not trust these figures")
    results: runner.Results = {}
    for scenario in scenarios:
        results[scenario] = runner.run(scenario, rounds, targets.undecided, progress)
        progress("")
        print(*report.table(scenario, results[scenario]), sep="\n", flush=True)
    found, failed = timed(scripts, options.quick)
    print(*report.costs_table(found), sep="\n")

    verdicts = list(targets.verdicts(results, found))
    print("", *verdicts, sep="\n")
    report.save(RESULT, described, results, found, verdicts)
    print(f"\nall samples: {RESULT.relative_to(environment.ROOT)}")
    failed |= any(cell.error for cells in results.values() for cell in cells.values())
    return 1 if failed else 0


def timed(scripts: list[str], is_quick: bool) -> tuple[costs.Costs, bool]:
    """Run the scripts. Returns their figures, and whether any script failed."""
    found: costs.Costs = {}
    for script in scripts:
        progress(script)
        try:
            found[script] = costs.run(script, is_quick=is_quick)
        except costs.CostsError as error:
            print(f"\n{script}: failed: {error}")
    progress("")
    return found, len(found) < len(scripts)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of each")
    parser.add_argument("--only", metavar="PATTERN", help="run only those with this in their names")
    return parser.parse_args()


def progress(text: str) -> None:
    """Show what is being measured, on one line, which the next text overwrites."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


sys.exit(main())

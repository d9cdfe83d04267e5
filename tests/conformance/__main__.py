"""Run the suite and compare: `python -m tests.conformance [--update]`."""

import argparse
import os
import shlex
import sys
import time
from pathlib import Path

from . import environment, expectation, suite

OUR_SERVER = [sys.executable, str(Path(__file__).with_name("echo_server.py"))]


def main() -> int:
    """Return the exit code: 0 when every case is as expected."""
    options = arguments()
    try:
        wstest = environment.wstest()
    except environment.MissingPython2Error as error:
        print(error)
        return 1 if os.environ.get("CI") == "true" else 0
    command = shlex.split(options.server) if options.server else OUR_SERVER
    started = time.monotonic()
    try:
        with suite.echo_server(command, {**os.environ, "STAGEDOOR": "1"}) as port:
            print(f"Autobahn|Testsuite against {shlex.join(command)} on port {port}", flush=True)
            results = suite.run(wstest, port)
    except suite.SuiteError as error:
        print(error)
        return 1
    print(f"{len(results)} cases in {time.monotonic() - started:.0f} s")
    return update(results) if options.update else compare(results)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.conformance", description=__doc__)
    parser.add_argument("--update", action="store_true", help="make the results the expectation")
    parser.add_argument(
        "--server",
        metavar="COMMAND",
        help="test another echo server, which prints its port (to try this harness itself)",
    )
    return parser.parse_args()


def update(results: dict[str, suite.Result]) -> int:
    if failed := expectation.failures(results):
        print(f"the expectation stays as it was: {', '.join(failed)} FAILED")
        print(f"details: {suite.REPORTS}")
        return 1
    expectation.save(results)
    print(f"wrote {expectation.EXPECTED}")
    return report_unexplained(results)


def compare(results: dict[str, suite.Result]) -> int:
    expected = expectation.load()
    if not expected:
        print(f"there is no {expectation.EXPECTED} yet: make one with --update")
    differences = expectation.differences(expected, results)
    for case, difference in differences.items():
        print(f"{case}: {difference}")
    if differences:
        print(f"details: {suite.REPORTS}")
    code = report_unexplained(results)
    cases = expected.keys() | results.keys()
    print(f"{len(cases) - len(differences)} passed, {len(differences)} failed")
    return 1 if differences or not results else code


def report_unexplained(results: dict[str, suite.Result]) -> int:
    missing = expectation.unexplained(results)
    if missing:
        print(f"{expectation.EXPLAINED} says nothing about {', '.join(missing)}")
    return 1 if missing else 0


sys.exit(main())

"""The bytes of the files that `benchmarks.timed.screen` makes."""

import json

from benchmarks.timed.screen import captures


def main() -> None:
    print(json.dumps({what: sizes for what, (_, _, sizes) in captures(1).items()}))


if __name__ == "__main__":
    main()

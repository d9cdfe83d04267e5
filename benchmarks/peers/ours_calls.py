"""A stage with a method, in a program that sleeps while nobody calls.

Optional arguments: how many methods it has in all, and the budget of a frame in seconds.
"""

import sys

import stagedoor

# By default a connection may make 10 000 calls a second. A single connection can make more, and
# would then measure how long it waits to be read.
limits = stagedoor.Limits(max_calls_per_second=1_000_000)

stage = stagedoor.start("benchmark", port=0, limits=limits)


@stage.rpc
def add(a: int, b: int) -> int:
    """Add two integers."""
    return a + b


methods, budget = [*sys.argv[1:], *("1", "0.002")[len(sys.argv) - 1 :]]
stage._budget.seconds = float(budget)
for number in range(1, int(methods)):
    stage.rpc(name=f"add_{number}")(add)

print(stage.port, stage._hub.keys.tokens.operator, flush=True)
transport = stage._transport
while True:
    stage.tick(0.0)
    if not transport.is_behind:  # otherwise the budget was used up, and some calls are left
        transport.native.lead(0.05)  # as `Transport.serve_forever()` does

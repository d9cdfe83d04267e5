"""A stage with a method, for a program that sleeps while nobody calls.

Arguments, if there are any: how many methods it has in all, and the budget of a frame in seconds.
"""

import sys

import stagedoor

# A stage allows a connection 10 000 calls a second. One that is alone may come to more: an error
# would be answered sooner than a call, and measured instead of it.
limits = stagedoor.Limits(max_calls_per_second=1_000_000)

stage = stagedoor.start("benchmark", port=0, limits=limits)


@stage.rpc
def add(a: int, b: int) -> int:
    """Two integers in, one out."""
    return a + b


methods, budget = [*sys.argv[1:], *("1", "0.002")[len(sys.argv) - 1 :]]
stage._budget.seconds = float(budget)
for number in range(1, int(methods)):
    stage.rpc(name=f"add_{number}")(add)

print(stage.port, stage._hub.keys.tokens.operator, flush=True)
server = stage._server
while True:
    stage.tick(0.0)
    if server._events is None:  # else the frame's 2 ms were over, and some calls are left
        server._core.lead(0.05)  # as `WebSocketServer.serve_forever()` does

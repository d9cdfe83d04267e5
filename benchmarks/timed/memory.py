"""How much memory a server needs for an idle connection: its resident memory with 10 000 of them,
less that without them, divided by their number."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.environment import LOADGEN
from benchmarks.roster import AIOHTTP, OURS, PICOWS, WEBSOCKETS, WS, WSE, Peer
from benchmarks.serving import ServingError, serving

PEERS = (OURS, PICOWS, WEBSOCKETS, AIOHTTP, WSE, WS)
HOLD = 1
"""Seconds that the connections stay open, which is enough time to look."""


def main() -> None:
    rounds, connections = (1, 1_000) if "--quick" in sys.argv else (2, 10_000)
    found: dict[str, list[float]] = {peer.name: [] for peer in PEERS if peer.lacks is None}
    for _ in range(rounds):
        for peer in PEERS:
            if peer.lacks is None:
                try:
                    found[peer.name].append(for_each(peer, connections))
                except ServingError as error:
                    print(f"{peer.name}: {error}", file=sys.stderr)
    if not found[OURS.name]:
        raise SystemExit("there is no figure for stagedoor")
    print(json.dumps(found))


def for_each(peer: Peer, connections: int) -> float:
    """Bytes that a server needs for each of so many connections."""
    with serving(peer) as server:
        command = [LOADGEN, "idle", "--url", f"ws://127.0.0.1:{server.port}/"]
        command += ["--connections", connections, "--hold", HOLD, "--timeout", 20]
        before = resident(server.process.pid)
        with subprocess.Popen(
            list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as clients:
            assert clients.stdout is not None
            is_ready = clients.stdout.readline().startswith("ready")
            after = resident(server.process.pid)
            _, complaint = clients.communicate()
        if not is_ready or clients.returncode:
            raise ServingError(complaint.strip())
        return (after - before) / connections


def resident(process: int) -> int:
    """Bytes of a process that are in memory."""
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit(f"/proc/{process}/status has no VmRSS")


if __name__ == "__main__":
    main()

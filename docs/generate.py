"""Write docs/protocol.md from the code: the built-in methods, topics, errors and limits.

Run it after you change a built-in method: `STAGEDOOR=1 python docs/generate.py`.
"""

import inspect
import json
from pathlib import Path
from typing import Any

from stagedoor.limits import Limits
from stagedoor.live.stage import Stage
from stagedoor.wire import errors

PAGE = Path(__file__).with_name("protocol.md")

INTRODUCTION = """\
# Protocol

This page says what goes over the wire between a stage and its clients. `docs/generate.py` writes it from the code.

A topic that carries bytes, as `screen`, sends binary messages: the length of the notification (uint32, little-endian), the
notification `topic.data`, and the bytes. Its value says what they are. Each WebSocket text message is one JSON-RPC 2.0 text, with or without the subprotocol `stagedoor.json`. A batch has at
most {max_batch} members. Params nest at most {max_nesting} deep, and an answer has at most {max_answer} MiB.

A client shows a token in the header `Authorization: Bearer <token>`, as the subprotocol `stagedoor.token.<token>`, or
by `session.authenticate` as its first call, within 5 s. A wrong token is answered after a second. {max_failures} of
all clients may wait for that at a time; one more is refused at once. A connection may make {max_calls} calls a second: over
that it is not read until it is due. It may have {max_in_flight} calls in flight,
which keep {max_memory} MiB at most, {max_threads} of them on threads.

## Close codes

| code | when |
|---|---|
| 1001 | the stage closes |
| 1002, 1007, 1008, 1009 | the client broke the protocol, or a limit of it |
| 1013 | the server has no memory left for an incomplete message, or the client does not read its answers |
| 4401 | a wrong token, none in time, or the tokens have changed |
| 4403 | an admin has sent the session away with `sessions.kick` |
| 4429 | a wrong token, while too many others wait for their answer |

## Notifications

| method | params |
|---|---|
| `topic.data` | `subscription`, `topic`, `sequence` (counts by 1), `time` (seconds since the epoch), `frame`, `value` |
| `topic.failed` | `subscription`, `topic`, `error` (`code`, `message`, `data`): there is no value until the next `topic.data`, because it cannot be read, sent, or averaged. `topic.subscribe` returns the same as `failure` |
| `topic.ended` | `subscription`, `topic`, `error` (`code`, `message`, `data`): nothing more comes, because the topic was removed, or needs a higher role than the subscriber's |
| `topic.dropped` | `subscription`, `topic`, `count`: values lost, because the client did not read fast enough |
| `rpc.progress` | `id` of the call, `value` that its method yielded |
"""


def page() -> str:
    """The text of the whole page."""
    described = Stage("game", console=True).describe()
    limits = Limits()
    lines = [
        INTRODUCTION.format(
            max_batch=limits.max_batch,
            max_nesting=limits.max_nesting,
            max_answer=limits.max_answer_size >> 20,
            max_calls=f"{limits.max_calls_per_second:,}",
            max_in_flight=limits.max_calls_in_flight,
            max_memory=limits.max_call_memory >> 20,
            max_threads=limits.max_threads,
            max_failures=limits.max_failed_authentications,
        ),
        "## Errors\n",
        "| code | type | meaning |",
        "|---|---|---|",
    ]
    for code, kind in errors.BY_CODE.items():
        lines.append(f"| {code} | `{kind.__name__}` | {_first_line(kind)} |")
    lines.append("\n## Methods\n")
    for method in described["methods"]:
        lines += _method(method)
    lines.append("## Topics\n")
    lines += [f"- `{topic['name']}`: {topic['description']}" for topic in described["x-topics"]]
    lines.append("\n## Types\n")
    for name, schema in sorted(described["components"]["schemas"].items()):
        lines += [f"### {name}\n", "```json", json.dumps(schema, indent=2), "```\n"]
    return "\n".join(lines).rstrip() + "\n"


def _method(method: dict[str, Any]) -> list[str]:
    anytime = " Also while the game is stalled." if method["x-anytime"] else ""
    lines = [
        f"### `{method['name']}`\n",
        f"{method['summary']} Role: {method['x-role']}.{anytime}\n",
    ]
    if method["description"]:
        lines.append(method["description"] + "\n")
    for param in method["params"]:
        need = "" if param["required"] else ", may be left out"
        lines.append(f"- `{param['name']}`{need}: `{json.dumps(param['schema'])}`")
    lines.append(f"- result: `{json.dumps(method['result']['schema'])}`\n")
    for example in method.get("examples", []):
        params = {param["name"]: param["value"] for param in example["params"]}
        lines.append(f"For example: `{json.dumps(params)}`\n")
    return lines


def _first_line(kind: type) -> str:
    return (inspect.getdoc(kind) or "").partition("\n")[0]


if __name__ == "__main__":
    PAGE.write_text(page())

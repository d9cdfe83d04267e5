"""`stagedoor methods [NAME]`: list what a running game offers, or explain one method."""

import argparse
import json
import sys
from typing import TYPE_CHECKING

from stagedoor.cli.command import FAILED, OK, CommandError, Verbs, add_json, add_verb
from stagedoor.cli.game import add_game, open_game
from stagedoor.cli.terminal import Cell, print_line, print_table, print_value
from stagedoor.wire.similar import did_you_mean

if TYPE_CHECKING:
    from stagedoor.client.core.methods import Method, Methods, Param, Topic


def add_to(verbs: Verbs) -> None:
    """Tell argparse about the verb."""
    parser = add_verb(
        verbs,
        "methods",
        run,
        "list the methods of a running game, or explain one",
        "The game's own methods come before the built-in ones. In a pipe, each is a line. With\n"
        "--json it is the OpenRPC document, or the part of it that describes NAME.",
    )
    parser.add_argument(
        "name", metavar="NAME", nargs="?", help="a method's name, or the first part of one"
    )
    add_game(parser)
    add_json(parser, "print JSON, with everything that is known")


def run(arguments: argparse.Namespace) -> int:
    """Run the verb; returns the exit code. Raises: CommandError."""
    with open_game(arguments) as game:
        methods = game.methods
    if arguments.json:
        print_value(described(arguments.name, methods), as_json=True)
    else:
        show(arguments.name, methods, as_table=sys.stdout.isatty())
    return OK


def described(name: str | None, methods: "Methods") -> object:
    """The part of the OpenRPC document that is about a method, or about those whose names begin
    with this; None: the whole. Raises: CommandError."""
    if name is None:
        return methods.document
    every = methods.document["methods"]
    if name in methods:
        return next(one for one in every if one.get("name") == name)
    names = {method.name for method in _below(name, methods)}
    return [one for one in every if one.get("name") in names]


def show(name: str | None, methods: "Methods", *, as_table: bool) -> None:
    """Print what `described()` is about, for a person or for a pipe. Raises: CommandError."""
    if name is not None and name in methods:
        show_method(methods[name], methods)
        return
    chosen = list(methods.values()) if name is None else _below(name, methods)
    if not as_table:
        for method in sorted(chosen, key=_own_first):
            print_line(method.signature)
        return
    show_list(chosen)
    if name is None:
        show_topics(methods)


def _below(name: str, methods: "Methods") -> "list[Method]":
    below = [methods[other] for other in methods if other.startswith(f"{name}.")]
    if not below:
        raise CommandError(unknown(name, methods), FAILED)
    return below


def _own_first(one: "Method | Topic") -> tuple[bool, str]:
    """The order of methods and of topics: the game's own are before the built-in ones."""
    return one.built_in, one.name


def unknown(name: str, methods: "Methods") -> str:
    """The text that there is no such method, and which ones have similar names."""
    return f"there is no method {name}{did_you_mean(name, methods)}"


def show_list(methods: "list[Method]") -> None:
    """Print a table of methods."""
    rows = [
        (_with_text(method.signature, method.summary), method.role)
        for method in sorted(methods, key=_own_first)
    ]
    print_table(["METHOD", "ROLE"], rows, whole=["ROLE"])


def show_topics(methods: "Methods") -> None:
    """Print a table of the topics."""
    topics = sorted(methods.topics.values(), key=_own_first)
    if topics:
        print_line("")
        rows = [(_with_text(topic.name, topic.description), topic.role) for topic in topics]
        print_table(["TOPIC", "ROLE"], rows, whole=["ROLE"])


def _with_text(name: str, text: str) -> Cell:
    return (name, text) if text else name


def show_method(method: "Method", methods: "Methods") -> None:
    """Print all that is known about a method."""
    for line in explain(method, methods):
        print_line(line)


def explain(method: "Method", methods: "Methods") -> list[str]:
    """All that is known about a method, as lines of text. They may contain anything."""
    lines = [method.signature, ""]
    text = method.description or method.summary
    if text:
        lines += [*(f"    {line}" for line in text.splitlines()), ""]
    facts = [f"role: {method.role or 'not said'}", f"kind: {method.kind}"]
    if method.timeout is not None:
        facts.append(f"timeout: {method.timeout:g} s")
    if method.deprecated:
        facts.append("deprecated")
    lines.append(", ".join(facts))
    for param in method.params:
        lines += ["", *_explain_param(param)]
    if method.result is not None:
        lines += ["", f"returns {method.result.type}", *_schema(method.result)]
    for example in method.examples:
        lines += ["", f"for example: {example}"]
    for name in _mentioned(method, methods):
        lines += ["", f"{name}:", *_indented(methods.schemas[name])]
    return lines


def _explain_param(param: "Param") -> list[str]:
    need = "required" if param.required else "optional"
    lines = [f"{param.name}: {param.type}, {need}"]
    text = param.description or param.summary
    return [*lines, *(f"    {line}" for line in text.splitlines()), *_schema(param)]


def _schema(param: "Param") -> list[str]:
    """The schema, if it says more than the type does."""
    if isinstance(param.schema, dict) and set(param.schema) <= {"type", "default", "$ref"}:
        return []
    return _indented(param.schema)


def _indented(schema: object) -> list[str]:
    text = json.dumps(schema, ensure_ascii=False, indent=2)
    return [f"    {line}" for line in text.splitlines()]


def _mentioned(method: "Method", methods: "Methods") -> list[str]:
    """The shared types that a method's schemas refer to, directly or through other types."""
    from stagedoor.client.core.schema import REFERENCE

    found: list[str] = []
    params = [*method.params, *([method.result] if method.result else [])]
    todo: list[object] = [param.schema for param in params]
    while todo:
        text = json.dumps(todo.pop())
        for name in methods.schemas:
            if name not in found and json.dumps(REFERENCE + name) in text:
                found.append(name)
                todo.append(methods.schemas[name])
    return found

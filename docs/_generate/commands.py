"""The page of the command line, from its parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterator

from deepface_models.cli import PROGRAM, build_parser


def pages() -> dict[str, str]:
    """Returns the text of the page by its place in the site."""
    parser = build_parser()
    lines = ["# Command line", "", f"What `{PROGRAM} COMMAND --help` prints.", ""]
    for name, summary, command in _commands(parser):
        lines += [f"## {name}", "", summary, "", "```text", _usage(command), "```", ""]
        lines += ["| argument | meaning |", "| --- | --- |"]
        lines += [f"| {_words(one)} | {_help(one, command)} |" for one in _own(command)]
        lines.append("")
        if command.epilog:
            lines += ["```text", command.epilog.rstrip(), "```", ""]
    lines += ["## In short", "", "```text", parser.epilog.rstrip(), "```", ""]
    return {"reference/commands.md": "\n".join(lines)}


def _commands(
    parser: argparse.ArgumentParser, before: str = ""
) -> Iterator[tuple[str, str, argparse.ArgumentParser]]:
    """Yields name, summary and parser of each command, then of those in it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            helps = {one.dest: one.help for one in action._choices_actions}
            for name, command in action.choices.items():
                summary = _plain(command.description or helps[name] or "")
                yield f"{before}{name}", summary, command
                yield from _commands(command, f"{before}{name} ")


def _usage(command: argparse.ArgumentParser) -> str:
    return command.format_usage().removeprefix("usage: ").rstrip()


def _own(command: argparse.ArgumentParser) -> list[argparse.Action]:
    return [one for one in command._actions if one.dest != "help"]


def _words(action: argparse.Action) -> str:
    if not action.option_strings:
        return f"`{action.metavar or action.dest}`"
    value = "" if action.nargs == 0 else f" {_metavar(action)}"
    words = ", ".join(f"`{name}{value}`" for name in action.option_strings)
    return words.replace("|", "\\|")


def _metavar(action: argparse.Action) -> str:
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    choices = "{" + ",".join(map(str, action.choices)) + "}" if action.choices else ""
    return action.metavar or choices or action.dest.upper()


def _help(action: argparse.Action, command: argparse.ArgumentParser) -> str:
    formatter = command._get_formatter()
    return _plain(formatter._expand_help(action) if action.help else "").replace(
        "|", "\\|"
    )


def _plain(text: str) -> str:
    """Characters that Markdown reads as marks, escaped."""
    for mark in "\\`*_<>":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())

"""The command line: its words, and what goes wrong. What each command does stands in `commands`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from detente import commands
from detente.text.diagnostic import Refused, render
from detente.text.written import Date, parse_date

PATHS, SEED = 10_000, 1
NUMBER = re.compile("[0-9]{1,30}(_[0-9]{1,30}){0,9}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Gives 0 where all went well, 1 where a deal is refused, 2 where the call is off, 130 on Ctrl-C.

    `diff` gives 1 where two deals differ and 2 where one is refused.
    """
    try:
        parser = _parser()
        options = parser.parse_args(arguments)
        if options.command is None:
            parser.print_help()
            return 0
        return int(options.command(options))
    except Refused as refused:
        print(render(refused.diagnostics, refused.texts), file=sys.stderr)
        print(commands.count(refused.diagnostics), file=sys.stderr)
        return 1
    except BrokenPipeError:
        # whoever read the output has enough of it; Python would complain once more when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (ValueError, OSError) as problem:
        print(f"detente: {problem}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as missing:
        print(
            f"detente: this needs {missing.name}, which is not installed: pip install 'detente[report,notebook]'",
            file=sys.stderr,
        )
        return 2
    except MemoryError:
        print("detente: memory ran out: ask for fewer paths or outputs", file=sys.stderr)
        return 2
    except KeyboardInterrupt as stopped:
        print(f"detente: {str(stopped) or 'stopped'}", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="detente",
        description="Model a strategic partnership as text, simulate it, trace every number to its source.",
    )
    parser.set_defaults(command=None)
    found = parser.add_subparsers(metavar="COMMAND")

    check = _command(found, "check", commands.check, "say everything that is wrong with a deal")
    check.add_argument("--json", action="store_true", help="the same as data")

    run = _command(found, "run", commands.run, "simulate a deal and print its answers")
    _sized(run)
    run.add_argument("--scenario", default="base", help="a scenario of the deal (default: the deal as filed)")
    run.add_argument("--relations", action="store_true", help="heed incidents between parties, which are off as filed")
    run.add_argument("--json", metavar="FILE", type=Path, help="write outputs and futures as JSON")
    _threaded(run)
    run.add_argument(
        "--resume",
        metavar="FILE",
        type=Path,
        help="for long runs: outputs and futures alone, kept in a file as they come; the same again goes on from there",
    )

    report = _command(
        found, "report", commands.report, "simulate a deal, print its answers, and write a report that opens from disk"
    )
    _sized(report)
    report.add_argument("--scenario", default="base", help="a scenario of the deal")
    report.add_argument("--relations", action="store_true", help="heed incidents between parties, off as filed")
    report.add_argument(
        "-o", "--output", metavar="FILE", type=Path, default=Path("report.html"), help="default: report.html"
    )
    _threaded(report)

    why = _command(found, "why", commands.why, "explain a number: equations, terms, assumptions, claims, origins")
    why.add_argument("what", help="NAME@MONTH, such as openai.USD@2026-12")
    _sized(why, paths=2_000)
    why.add_argument("--path", type=int, help="the path to explain (default: the one nearest to the median)")
    why.add_argument("--depth", type=int, default=4, help="how many equations deep (default: 4)")
    why.add_argument("--json", metavar="FILE", type=Path, help="write the tree as JSON")
    why.add_argument("--html", metavar="FILE", type=Path, help="write the tree as a page")

    show = _command(
        found, "show", commands.show, "say what held on a date: terms in force, pending, ended; what was on record"
    )
    show.add_argument("--on", metavar="DATE", type=_date, help="default: where the record ends")
    show.add_argument(
        "--as-of", metavar="DATE", type=_date, help="as known on that date (default: all that the files say)"
    )
    show.add_argument("--json", action="store_true", help="the same as data")

    diff = _command(
        found, "diff", commands.diff, "say in words what changed between two deals: 0 nothing, 1 something, 2 an error"
    )
    diff.add_argument("other", type=Path, help="the later of the two")
    diff.add_argument("--spelling", action="store_true", help="also what is only spelled otherwise")
    diff.add_argument("--figures", action="store_true", help="run both on the same draws and compare headline figures")
    diff.add_argument("--paths", type=_whole, default=2_000, help="default: 2000")
    diff.add_argument("--seed", type=_whole_or_zero, default=SEED, help=f"default: {SEED}")
    diff.add_argument("--json", action="store_true", help="the same as data")

    graph = _command(found, "graph", commands.graph, "draw who pays, supplies, licences and may stop whom")
    graph.add_argument("--on", metavar="DATE", type=_date, help="default: where the record ends")
    graph.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="a .svg, .png, .html or .mmd (default: print Mermaid text)"
    )

    program = _command(
        found,
        "program",
        commands.program,
        "print the code that a run computes: every step, with its equation and place",
    )
    program.add_argument(
        "--output",
        metavar="NAME",
        action="extend",
        nargs="+",
        default=[],
        help="what these alone need (default: the deal's outputs and futures)",
    )
    program.add_argument("--as-of", metavar="DATE", type=_date, help="as an analyst of that date could have known it")
    program.add_argument("--json", action="store_true", help="the same as data")

    ownership = _command(
        found, "ownership", commands.ownership, "say who owns what on a date: cap tables, stakes, notes"
    )
    ownership.add_argument("--on", metavar="DATE", type=_date, help="default: where the record ends")
    ownership.add_argument("--path", type=_whole_or_zero, help="one numbered path (default: means over all)")
    ownership.add_argument("--scenario", default="base", help="a scenario of the deal")
    ownership.add_argument("--json", action="store_true", help="the same as data")
    _sized(ownership, paths=2_000)

    relations = _command(
        found,
        "relations",
        commands.relations,
        "list incidents between parties, and how far each would have to move a chance before an answer changes",
    )
    _sized(relations, paths=1_000)
    relations.add_argument("--json", action="store_true", help="the same as data")

    forecast = _command(
        found, "forecast", commands.forecast, "answer the questions of a deal: percentiles or probabilities"
    )
    _sized(forecast)
    forecast.add_argument("--json", metavar="FILE", type=Path, help="write the answers by id as JSON")

    score = _command(found, "score", commands.score, "run a deal from earlier dates and score what followed")
    score.add_argument(
        "--from",
        dest="dates",
        metavar="DATE",
        type=_date,
        action="append",
        default=[],
        help="default: every date with openings",
    )
    score.add_argument("--paths", type=_whole, default=4_000, help="default: 4000")
    score.add_argument("--seed", type=_whole_or_zero, default=SEED)
    score.add_argument("--json", metavar="FILE", type=Path, help="write every score as JSON")

    actuals = found.add_parser(
        "actuals", help="roll a deal forward by what was observed", description="Roll a deal forward."
    ).add_subparsers(metavar="ACTION", required=True)
    add = _command(actuals, "add", commands.actuals, "put observations on record, keep the forecast and score it")
    for name, metavar, doc in (
        ("series", "NAME", "a variable, or an account"),
        ("on", "DATE", "what it was observed of: a month, quarter or year"),
        ("value", "VALUE", "such as '3.4 bn USD / year'"),
        ("source", "ID", "who tells it, by its name in sources.yaml"),
        ("published", "DATE", "when it was told"),
        ("says", "TEXT", "what the source says, in our own words"),
        ("title", "TEXT", "the title of a new source"),
        ("publisher", "TEXT", "the publisher of a new source"),
    ):
        add.add_argument(f"--{name}", metavar=metavar, help=doc)
    add.add_argument("--from", dest="file", metavar="FILE", type=Path, help="a table in CSV with these as columns")
    add.add_argument("--now", metavar="DATE", type=_date, help="where the record ends then (default: the latest)")
    add.add_argument(
        "--happened", metavar="EVENT=DATE", type=_event, action="append", default=[], help="an event that happened"
    )
    add.add_argument("--did-not-happen", metavar="EVENT", action="append", default=[], help="one that did not")
    add.add_argument("--paths", type=_whole, default=4_000, help="of the forecast that is kept; default: 4000")
    add.add_argument("--seed", type=_whole_or_zero, default=SEED, help=f"default: {SEED}")
    add.add_argument("--json", action="store_true", help="the scores as data")

    new = found.add_parser(
        "new", help="begin a deal: a folder with a commented one", description="Begin a deal in a folder of its own."
    )
    new.add_argument("name", metavar="NAME", type=Path, help="the folder to make")
    new.set_defaults(command=commands.new)

    fmt = found.add_parser(
        "fmt", help="lay deals out in one way, comments kept", description="Lay deals out in one way, comments kept."
    )
    fmt.add_argument("deals", metavar="DEAL", nargs="+", help="folders of deals, or files; - reads and prints a text")
    fmt.add_argument("--check", action="store_true", help="change nothing; give 1 and name what would change")
    fmt.set_defaults(command=commands.fmt)

    terms = found.add_parser(
        "terms", help="list the types of term, or explain one", description="List the types of term, or explain one."
    )
    terms.add_argument("type", metavar="TYPE", nargs="?", help="a type of term, such as take_or_pay")
    terms.add_argument("--json", action="store_true", help="the same as data: a list")
    terms.set_defaults(command=commands.terms)

    schema = found.add_parser(
        "schema", help="print what editors need to help", description="Print the JSON Schema of deal.yaml for editors."
    )
    schema.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it to a file")
    schema.set_defaults(command=commands.schema)
    return parser


def _command(found: Any, name: str, command: Any, doc: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = found.add_parser(name, help=doc, description=doc[0].upper() + doc[1:] + ".")
    parser.add_argument("deal", type=Path, help="the folder of a deal, or its deal.yaml")
    parser.set_defaults(command=command)
    return parser


def _sized(parser: argparse.ArgumentParser, paths: int = PATHS) -> None:
    parser.add_argument("--paths", type=_whole, default=paths, help=f"default: {paths}")
    parser.add_argument("--seed", type=_whole_or_zero, default=SEED, help=f"default: {SEED}")
    parser.add_argument("--as-of", metavar="DATE", type=_date, help="as an analyst of that date could have known it")


def _threaded(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--threads", metavar="N", type=_whole, help="default: as many as there are processors")


def _whole(text: str) -> int:
    return _number(text, 1)


def _whole_or_zero(text: str) -> int:
    return _number(text, 0)


def _number(text: str, least: int) -> int:
    """A whole number, perhaps with its digits in groups: 5_000_000."""
    if not NUMBER.fullmatch(text) or int(text) < least:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from {least} on")
    return int(text)


def _event(text: str) -> tuple[str, Date]:
    name, sign, date = text.partition("=")
    if not name or not sign:
        raise argparse.ArgumentTypeError(f"'{text}' does not say when: write EVENT=2025-12")
    return name, _date(date)


def _date(text: str) -> Date:
    date = parse_date(text)
    if date is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date: write 2023-12")
    return date


if __name__ == "__main__":
    sys.exit(main())

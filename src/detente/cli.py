"""The command line: thin. Every command reads a deal, asks one room for an answer, and shows it."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from detente.text.diagnostic import Diagnostic, Refused, as_data, render
from detente.text.files import write_whole
from detente.text.written import Date, parse_date

if TYPE_CHECKING:
    from detente.deal.model import Deal

PATHS, SEED = 10_000, 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Gives 0 where all went well, 1 where a deal is refused, 2 where the call is off, 130 on Ctrl-C."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        return int(options.command(options))
    except Refused as refused:
        print(render(refused.diagnostics), file=sys.stderr)
        print(_count(refused.diagnostics), file=sys.stderr)
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
    except KeyboardInterrupt:
        print("detente: stopped", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="detente",
        description="Model a strategic partnership as text, simulate it, trace every number to its source.",
    )
    parser.set_defaults(command=None)
    commands = parser.add_subparsers(metavar="COMMAND")

    check = _command(commands, "check", _check, "say everything that is wrong with a deal")
    check.add_argument("--json", action="store_true", help="the same as data")

    run = _command(commands, "run", _run, "simulate a deal and print its answers")
    _sized(run)
    run.add_argument("--scenario", default="base", help="a scenario of the deal (default: the deal as filed)")
    run.add_argument("--json", metavar="FILE", type=Path, help="write outputs and futures as JSON")

    report = _command(
        commands, "report", _report, "simulate a deal, print its answers, and write a report that opens from disk"
    )
    _sized(report)
    report.add_argument("--scenario", default="base", help="a scenario of the deal")
    report.add_argument(
        "-o", "--output", metavar="FILE", type=Path, default=Path("report.html"), help="default: report.html"
    )

    why = _command(commands, "why", _why, "explain a number: equations, terms, assumptions, claims, origins")
    why.add_argument("what", help="NAME@MONTH, such as openai.USD@2026-12")
    _sized(why, paths=2_000)
    why.add_argument("--path", type=int, help="the path to explain (default: the one nearest to the median)")
    why.add_argument("--depth", type=int, default=4, help="how many equations deep (default: 4)")
    why.add_argument("--json", metavar="FILE", type=Path, help="write the tree as JSON")
    why.add_argument("--html", metavar="FILE", type=Path, help="write the tree as a page")

    score = _command(commands, "score", _score, "run a deal from earlier dates and score what followed")
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
    return parser


def _command(commands: Any, name: str, command: Any, doc: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = commands.add_parser(name, help=doc, description=doc[0].upper() + doc[1:] + ".")
    parser.add_argument("deal", type=Path, help="the folder of a deal, or its deal.yaml")
    parser.set_defaults(command=command)
    return parser


def _sized(parser: argparse.ArgumentParser, paths: int = PATHS) -> None:
    parser.add_argument("--paths", type=_whole, default=paths, help=f"default: {paths}")
    parser.add_argument("--seed", type=_whole_or_zero, default=SEED, help=f"default: {SEED}")
    parser.add_argument("--as-of", metavar="DATE", type=_date, help="as an analyst of that date could have known it")


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 1 on")
    return int(text)


def _whole_or_zero(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"'{text}' is not a whole number from 0 on")
    return int(text)


def _date(text: str) -> Date:
    date = parse_date(text)
    if date is None:
        raise argparse.ArgumentTypeError(f"'{text}' is not a date: write 2023-12")
    return date


def _deal(options: argparse.Namespace) -> Deal:
    """The deal that a command is about, as known on its date; warnings are printed."""
    from detente.deal.load import load_deal
    from detente.engine.evaluate import at_date

    deal, findings = load_deal(options.deal)
    if deal is None or any(one.severity == "error" for one in findings):
        raise Refused(findings)
    if findings:
        print(render(findings), file=sys.stderr)
    deal = at_date(deal, getattr(options, "as_of", None))
    for note in deal.notes:
        print(f"note: {note}", file=sys.stderr)
    return deal


def _count(findings: Sequence[Diagnostic]) -> str:
    errors = sum(one.severity == "error" for one in findings)
    warnings = len(findings) - errors
    return f"\n{errors} error{'s' if errors != 1 else ''}, {warnings} warning{'s' if warnings != 1 else ''}"


def _check(options: argparse.Namespace) -> int:
    from detente.deal.load import load_deal
    from detente.graph.build import build

    deal, findings = load_deal(options.deal)
    size = ""
    if deal is not None and not any(one.severity == "error" for one in findings):
        graph, more = build(deal)
        findings = (*findings, *more)
        if graph is not None:
            claims = len(deal.evidence.claims)
            size = f"{len(graph.equations)} equations, {len(graph.inputs)} uncertain inputs, {claims} claims"
    wrong = any(one.severity == "error" for one in findings)
    if options.json:
        print(json.dumps([as_data(one) for one in findings], indent=1))
    else:
        if findings:
            print(render(findings))
            print(_count(findings))
        if deal is not None and not wrong:
            print(f"{deal.title}: {size}")
    return 1 if wrong else 0


def _run(options: argparse.Namespace) -> int:
    from detente.answers.findings import find
    from detente.report.terminal import print_findings, progress

    deal = _deal(options)
    with progress() as shown:
        findings = find(deal, options.paths, options.seed, shown, options.scenario)
    if options.json:
        write_whole(options.json, json.dumps(findings.run.as_data(), indent=1))
    print_findings(findings)
    return 0


def _report(options: argparse.Namespace) -> int:
    from detente.answers.findings import find
    from detente.report.terminal import print_findings, progress

    deal = _deal(options)
    with progress() as shown:
        findings = find(deal, options.paths, options.seed, shown, options.scenario)
        from detente.report.html import write_report

        shown("writing the report", 0, 1)
        write_report(findings, options.output)
        shown("writing the report", 1, 1)
    print_findings(findings)
    print(f"\nThe report is in {options.output}")
    return 0


def _why(options: argparse.Namespace) -> int:
    from detente.answers.why import explain
    from detente.report.why import why_html, why_text

    tree = explain(_deal(options), options.what, options.paths, options.seed, options.path, options.depth)
    if options.json:
        write_whole(options.json, json.dumps(tree.as_data(), indent=1))
    if options.html:
        write_whole(options.html, why_html(tree, f"Why {options.what}"))
    print(why_text(tree))
    return 0


def _score(options: argparse.Namespace) -> int:
    from detente.answers.score import score
    from detente.report.scores import print_score

    answer = score(_deal(options), options.dates, options.paths, options.seed)
    if options.json:
        write_whole(options.json, json.dumps(answer.as_data(), indent=1))
    print_score(answer)
    return 0


if __name__ == "__main__":
    sys.exit(main())

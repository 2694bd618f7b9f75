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
    """Run a command. Gives 0 where all went well, 1 where a deal is refused, 2 where the call is off, 130 on Ctrl-C.

    `diff` gives 1 where two deals differ and 2 where one is refused.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    try:
        return int(options.command(options))
    except Refused as refused:
        print(render(refused.diagnostics, refused.texts), file=sys.stderr)
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

    show = _command(
        commands, "show", _show, "say what held on a date: terms in force, pending, ended; what was on record"
    )
    show.add_argument("--on", metavar="DATE", type=_date, help="default: where the record ends")
    show.add_argument(
        "--as-of", metavar="DATE", type=_date, help="as known on that date (default: all that the files say)"
    )
    show.add_argument("--json", action="store_true", help="the same as data")

    diff = _command(
        commands, "diff", _diff, "say in words what changed between two deals: 0 nothing, 1 something, 2 an error"
    )
    diff.add_argument("other", type=Path, help="the later of the two")
    diff.add_argument("--spelling", action="store_true", help="also what is only spelled otherwise")
    diff.add_argument("--figures", action="store_true", help="run both on the same draws and compare headline figures")
    diff.add_argument("--paths", type=_whole, default=2_000, help="default: 2000")
    diff.add_argument("--seed", type=_whole_or_zero, default=SEED, help=f"default: {SEED}")
    diff.add_argument("--json", action="store_true", help="the same as data")

    graph = _command(commands, "graph", _graph, "draw who pays, supplies, licences and may stop whom")
    graph.add_argument("--on", metavar="DATE", type=_date, help="default: where the record ends")
    graph.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="a .svg, .png, .html or .mmd (default: print Mermaid text)"
    )

    ownership = _command(commands, "ownership", _ownership, "say who owns what on a date: cap tables, stakes, notes")
    ownership.add_argument("--on", metavar="DATE", type=_date, help="default: where the record ends")
    ownership.add_argument("--path", type=_whole_or_zero, help="one numbered path (default: means over all)")
    ownership.add_argument("--scenario", default="base", help="a scenario of the deal")
    ownership.add_argument("--json", action="store_true", help="the same as data")
    _sized(ownership, paths=2_000)

    forecast = _command(commands, "forecast", _forecast, "answer the questions of a deal: percentiles or probabilities")
    _sized(forecast)
    forecast.add_argument("--json", metavar="FILE", type=Path, help="write the answers by id as JSON")

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

    new = commands.add_parser(
        "new", help="begin a deal: a folder with a commented one", description="Begin a deal in a folder of its own."
    )
    new.add_argument("name", metavar="NAME", type=Path, help="the folder to make")
    new.set_defaults(command=_new)

    fmt = commands.add_parser(
        "fmt", help="lay deals out in one way, comments kept", description="Lay deals out in one way, comments kept."
    )
    fmt.add_argument("deals", metavar="DEAL", nargs="+", help="folders of deals, or files; - reads and prints a text")
    fmt.add_argument("--check", action="store_true", help="change nothing; give 1 and name what would change")
    fmt.set_defaults(command=_fmt)

    terms = commands.add_parser(
        "terms", help="list the types of term, or explain one", description="List the types of term, or explain one."
    )
    terms.add_argument("type", metavar="TYPE", nargs="?", help="a type of term, such as take_or_pay")
    terms.add_argument("--json", action="store_true", help="the same as data: a list")
    terms.set_defaults(command=_terms)

    schema = commands.add_parser(
        "schema", help="print what editors need to help", description="Print the JSON Schema of deal.yaml for editors."
    )
    schema.add_argument("-o", "--output", metavar="FILE", type=Path, help="write it to a file")
    schema.set_defaults(command=_schema)
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


def _read(path: Path) -> Deal:
    """The deal at a path as its files say; warnings are printed."""
    from detente.deal.load import load_deal

    deal, findings = load_deal(path)
    if deal is None or any(one.severity == "error" for one in findings):
        raise Refused(findings)
    if findings:
        print(render(findings), file=sys.stderr)
    return deal


def _deal(options: argparse.Namespace) -> Deal:
    """The deal that a command is about, as known on its date."""
    from detente.engine.evaluate import at_date

    deal = at_date(_read(options.deal), getattr(options, "as_of", None))
    for note in deal.notes:
        print(f"note: {note}", file=sys.stderr)
    return deal


def _count(findings: Sequence[Diagnostic]) -> str:
    errors = sum(one.severity == "error" for one in findings)
    warnings = len(findings) - errors
    return f"\n{errors} error{'s' if errors != 1 else ''}, {warnings} warning{'s' if warnings != 1 else ''}"


def _check(options: argparse.Namespace) -> int:
    from detente.deal.load import load_deal
    from detente.graph.build import check

    deal, problems = load_deal(options.deal)
    graph, findings = check(deal, problems)
    if options.json:
        print(json.dumps([as_data(one) for one in findings], indent=1))
    else:
        if findings:
            print(render(findings))
            print(_count(findings))
        if deal is not None and graph is not None:
            claims = len(deal.evidence.claims)
            size = f"{len(graph.equations)} equations, {len(graph.inputs)} uncertain inputs, {claims} claims"
            print(f"{deal.title}: {size}")
    return 0 if graph is not None else 1


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


def _show(options: argparse.Namespace) -> int:
    from detente.answers.held import held
    from detente.report.held import print_held

    answer = held(_read(options.deal), options.on, options.as_of)
    if options.json:
        print(json.dumps(answer.as_data(), indent=1))
    else:
        print_held(answer)
    return 0


def _diff(options: argparse.Namespace) -> int:
    """Gives 2 where a deal is refused: 1 says that the two differ."""
    from detente.answers.difference import difference
    from detente.answers.figures import compare_figures
    from detente.report.difference import print_difference, print_figures
    from detente.report.terminal import progress

    try:
        before, after = _read(options.deal), _read(options.other)
        answer, figures = difference(before, after), None
        if options.figures:
            with progress() as shown:
                figures = compare_figures(before, after, options.paths, options.seed, shown)
    except Refused as refused:
        print(render(refused.diagnostics), file=sys.stderr)
        print(_count(refused.diagnostics), file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(answer.as_data() | ({"figures": figures.as_data()} if figures else {}), indent=1))
    else:
        print_difference(answer, options.spelling)
        if figures:
            print_figures(figures, after)
    return 0 if answer.same else 1


def _graph(options: argparse.Namespace) -> int:
    from detente.answers.network import network
    from detente.report.network import mermaid, save_network

    answer = network(_read(options.deal), options.on)
    if options.output:
        save_network(answer, options.output)
        print(f"The picture is in {options.output}")
    else:
        print(mermaid(answer), end="")
    return 0


def _ownership(options: argparse.Namespace) -> int:
    from detente.answers.cap_table import cap_table
    from detente.report.ownership import print_ownership

    answer = cap_table(_deal(options), options.on, options.path, options.paths, options.seed, options.scenario)
    if options.json:
        print(json.dumps(answer.as_data(), indent=1))
    else:
        print_ownership(answer)
    return 0


def _forecast(options: argparse.Namespace) -> int:
    from detente.answers.forecast import forecast
    from detente.report.forecast import print_forecast

    answer = forecast(_deal(options), options.paths, options.seed)
    if options.json:
        write_whole(options.json, json.dumps(answer.as_data(), indent=1))
    print_forecast(answer)
    return 0


def _score(options: argparse.Namespace) -> int:
    from detente.answers.score import score
    from detente.report.scores import print_score

    answer = score(_deal(options), options.dates, options.paths, options.seed)
    if options.json:
        write_whole(options.json, json.dumps(answer.as_data(), indent=1))
    print_score(answer)
    return 0


def _new(options: argparse.Namespace) -> int:
    from detente.deal.write import begin

    begin(options.name)
    print(f"A deal to change is in {options.name}. Next: detente check {options.name}; detente run {options.name}")
    return 0


def _fmt(options: argparse.Namespace) -> int:
    from detente.deal.write import tidy
    from detente.text.nodes import read_text

    findings: list[Diagnostic] = []
    texts: dict[str, str] = {}
    would_change = False
    for name in options.deals:
        path = Path(name, "deal.yaml") if Path(name).is_dir() else Path(name)
        text, wrong = (sys.stdin.buffer.read().decode("utf-8"), ()) if name == "-" else read_text(path)
        outcome, more = tidy(text, str(path)) if text is not None else (None, ())
        findings += (*wrong, *more)
        if text is not None and outcome is None:
            texts[str(path)] = text
        changes = outcome is not None and outcome != text
        would_change |= changes
        if options.check and changes:
            print(f"{path} would change")
        elif name == "-" and not options.check:
            print(outcome or "", end="")
        elif changes and outcome is not None:
            write_whole(path.resolve(), outcome)
            print(f"{path} is laid out")
    if findings:
        raise Refused(tuple(findings), texts)
    return 1 if options.check and would_change else 0


def _terms(options: argparse.Namespace) -> int:
    from detente.answers.catalogue import term_entries
    from detente.report.catalogue import print_term, print_terms
    from detente.text.diagnostic import did_you_mean

    entries = [one for one in term_entries() if options.type in (None, one.type)]
    if not entries:
        near = did_you_mean(options.type, [one.type for one in term_entries()])
        raise ValueError(f"there is no type of term '{options.type}'{': ' if near else ''}{', or '.join(near)}")
    if options.json:
        print(json.dumps([one.as_data() for one in entries], indent=1))
    elif options.type:
        print_term(entries[0])
    else:
        print_terms(entries)
    return 0


def _schema(options: argparse.Namespace) -> int:
    from detente.deal.schema import schema

    text = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    if options.output:
        write_whole(options.output, text)
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())

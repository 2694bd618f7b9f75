"""What each command does: thin. It reads a deal, asks one room for an answer, shows it, and gives the exit status."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from detente.text.diagnostic import Diagnostic, Refused, as_data, render
from detente.text.files import write_whole

if TYPE_CHECKING:
    from detente.deal.model import Deal


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
    if getattr(options, "relations", False):
        from detente.graph.relations import heeding

        deal = heeding(deal)
    for note in deal.notes:
        print(f"note: {note}", file=sys.stderr)
    return deal


def count(findings: Sequence[Diagnostic]) -> str:
    errors = sum(one.severity == "error" for one in findings)
    warnings = len(findings) - errors
    return f"\n{errors} error{'s' if errors != 1 else ''}, {warnings} warning{'s' if warnings != 1 else ''}"


def check(options: argparse.Namespace) -> int:
    from detente.deal.load import load_deal
    from detente.graph.build import check, needed

    deal, problems = load_deal(options.deal)
    graph, findings = check(deal, problems)
    if options.json:
        print(json.dumps([as_data(one) for one in findings], indent=1))
    else:
        if findings:
            print(render(findings))
            print(count(findings))
        if deal is not None and graph is not None:
            claims = len(deal.evidence.claims)
            own = len(needed(graph))
            size = f"{own} equations ({len(graph.equations) - own} more can be asked for)"
            size += f", {len(graph.inputs)} uncertain inputs, {claims} claims"
            print(f"{deal.title}: {size}")
    return 0 if graph is not None else 1


def run(options: argparse.Namespace) -> int:
    from detente.engine.evaluate import on_threads, run_deal
    from detente.report.terminal import print_findings, print_run, progress

    deal = _deal(options)
    _say_if_slow()
    if options.resume is not None:
        with on_threads(options.threads), progress() as shown:
            found = run_deal(deal, options.paths, options.seed, options.scenario, progress=shown, resume=options.resume)
        if options.json:
            write_whole(options.json, json.dumps(found.as_data(), indent=1))
        print_run(found)
        return 0
    from detente.answers.findings import find

    with on_threads(options.threads), progress() as shown:
        findings = find(deal, options.paths, options.seed, shown, options.scenario)
    if options.json:
        write_whole(options.json, json.dumps(findings.run.as_data(), indent=1))
    print_findings(findings)
    return 0


def report(options: argparse.Namespace) -> int:
    from detente.answers.findings import find
    from detente.engine.evaluate import on_threads
    from detente.report.terminal import print_findings, progress

    deal = _deal(options)
    _say_if_slow()
    with on_threads(options.threads), progress() as shown:
        findings = find(deal, options.paths, options.seed, shown, options.scenario)
        from detente.report.html import write_report

        shown("writing the report", 0, 1)
        write_report(findings, options.output)
        shown("writing the report", 1, 1)
    print_findings(findings)
    print(f"\nThe report is in {options.output}")
    return 0


def _say_if_slow() -> None:
    from detente.engine.evaluate import fallback

    if fallback():
        print(f"note: {fallback()}", file=sys.stderr)


def why(options: argparse.Namespace) -> int:
    from detente.answers.why import explain
    from detente.report.why import why_html, why_text

    tree = explain(_deal(options), options.what, options.paths, options.seed, options.path, options.depth)
    if options.json:
        write_whole(options.json, json.dumps(tree.as_data(), indent=1))
    if options.html:
        write_whole(options.html, why_html(tree, f"Why {options.what}"))
    print(why_text(tree))
    return 0


def show(options: argparse.Namespace) -> int:
    from detente.answers.held import held
    from detente.report.held import print_held

    answer = held(_read(options.deal), options.on, options.as_of)
    if options.json:
        print(json.dumps(answer.as_data(), indent=1))
    else:
        print_held(answer)
    return 0


def diff(options: argparse.Namespace) -> int:
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
        print(count(refused.diagnostics), file=sys.stderr)
        return 2
    if options.json:
        print(json.dumps(answer.as_data() | ({"figures": figures.as_data()} if figures else {}), indent=1))
    else:
        print_difference(answer, options.spelling)
        if figures:
            print_figures(figures, after)
    return 0 if answer.same else 1


def graph(options: argparse.Namespace) -> int:
    from detente.answers.network import network
    from detente.report.network import mermaid, save_network

    answer = network(_read(options.deal), options.on)
    if options.output:
        save_network(answer, options.output)
        print(f"The picture is in {options.output}")
    else:
        print(mermaid(answer), end="")
    return 0


def program(options: argparse.Namespace) -> int:
    from detente.engine.evaluate import graph_of
    from detente.engine.listing import listing, program_of

    graph = graph_of(_deal(options))
    answer = listing(graph, program_of(graph, options.output))
    if options.json:
        print(json.dumps(answer.as_data(), indent=1))
    else:
        print(answer)
    return 0


def ownership(options: argparse.Namespace) -> int:
    from detente.answers.cap_table import cap_table
    from detente.report.ownership import print_ownership

    answer = cap_table(_deal(options), options.on, options.path, options.paths, options.seed, options.scenario)
    if options.json:
        print(json.dumps(answer.as_data(), indent=1))
    else:
        print_ownership(answer)
    return 0


def relations(options: argparse.Namespace) -> int:
    from detente.answers.relations import relations
    from detente.report.relations import print_relations
    from detente.report.terminal import progress

    deal = _deal(options)
    with progress() as shown:
        answer = relations(deal, options.paths, options.seed, progress=shown)
    if options.json:
        print(json.dumps(answer.as_data(), indent=1))
    else:
        print_relations(answer)
    return 0


def forecast(options: argparse.Namespace) -> int:
    from detente.answers.forecast import forecast
    from detente.report.forecast import print_forecast

    answer = forecast(_deal(options), options.paths, options.seed)
    if options.json:
        write_whole(options.json, json.dumps(answer.as_data(), indent=1))
    print_forecast(answer)
    return 0


def score(options: argparse.Namespace) -> int:
    from detente.answers.score import score
    from detente.report.scores import print_score

    answer = score(_deal(options), options.dates, options.paths, options.seed)
    if options.json:
        write_whole(options.json, json.dumps(answer.as_data(), indent=1))
    print_score(answer)
    return 0


def actuals(options: argparse.Namespace) -> int:
    from detente.answers.actuals import COLUMNS, actual, read_actuals
    from detente.answers.rolling import roll
    from detente.report.rolling import print_rolled

    asked = {name: getattr(options, name) or "" for name in COLUMNS}
    if options.file and any(asked.values()):
        raise ValueError("--from FILE holds all of an actual: leave the other options out")
    given = read_actuals(options.file) if options.file else (actual(**asked),)
    happened = dict(options.happened)
    rolled = roll(options.deal, given, options.now, happened, options.did_not_happen, options.paths, options.seed)
    rolled.write()
    if options.json:
        print(json.dumps(rolled.score.as_data(), indent=1))
    else:
        print_rolled(rolled)
    return 0


def new(options: argparse.Namespace) -> int:
    from detente.deal.write import begin

    begin(options.name)
    print(f"A deal to change is in {options.name}. Next: detente check {options.name}; detente run {options.name}")
    return 0


def fmt(options: argparse.Namespace) -> int:
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


def terms(options: argparse.Namespace) -> int:
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


def schema(options: argparse.Namespace) -> int:
    from detente.deal.schema import schema

    text = json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"
    if options.output:
        write_whole(options.output, text)
    else:
        print(text, end="")
    return 0

"""Requests per second of the geoportal and its rivals on the same table, side by side."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import mean

from rich.table import Table

from benchmarks import answers, figures, limit, load, servers
from benchmarks.errors import BenchmarkError, WrongAnswer
from benchmarks.place import Place, console, folder, place
from benchmarks.questions import Question, questions
from benchmarks.servers import Running

WORKER_LIMIT_MB = 250


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    buildings: int
    rounds: int
    seconds: int
    warm_s: float
    """Longest run before what counts."""
    slow_s: float
    """Longest measurement of a server that takes seconds for an answer."""
    deadline_s: float
    """No measurement begins later than this after the servers are ready."""


FULL = Plan(buildings=500_000, rounds=5, seconds=1, warm_s=0.3, slow_s=12.0, deadline_s=480.0)
QUICK = Plan(buildings=60_000, rounds=1, seconds=1, warm_s=0.3, slow_s=6.0, deadline_s=120.0)

CHECKED = 5
"""So many answers of each kind are checked."""

SLOW_ONCE_S = 5.0
"""A server that takes longer than this for an answer is measured in one round only."""

WARM_REQUESTS = 16
SLOW_REQUESTS = 8
"""A slow server is asked so many times at most."""


@dataclass
class Result:
    """What one server did for one question, by round; `least` = not one answer came in time."""

    per_second: list[float] = field(default_factory=list)
    p95_ms: list[float] = field(default_factory=list)
    least: bool = False
    slow: bool = False

    def add(self, done: load.Load) -> None:
        """Take in a round; a server without an answer is at best as fast as one answer."""
        self.least = self.least or not done.requests
        self.per_second.append(max(done.requests, 1) / done.seconds)
        self.p95_ms.append(done.p95_ms)

    @property
    def rate(self) -> float:
        """Requests per second over all rounds."""
        return mean(self.per_second)


Results = dict[tuple[str, str], Result]


def main(quick: bool, features: int | None = None, ask: Sequence[str] = ()) -> int:
    """Measure and print the tables; 0 unless an answer was wrong, which raises.

    `ask` = only the questions with one of these words, and the servers that have an answer.
    """
    plan = QUICK if quick else FULL
    plan = plan if features is None else replace(plan, buildings=features)
    with folder() as inside, place(inside, plan.buildings) as city, ExitStack() as stack:
        found, missing = servers.found(city, inside)
        asked = [q for q in questions(city) if not ask or any(words in q.title for words in ask)]
        if not asked:
            raise BenchmarkError(f"No question has the words {', '.join(ask)}.")
        found = [s for s in found if any(question.paths(s) for question in asked)]
        running = [stack.enter_context(servers.running(s, inside)) for s in found]
        for one in running:
            one.await_ready()
        _check(city, asked, running)
        deadline = time.monotonic() + plan.deadline_s
        results = _measure(Run(city, plan, inside, deadline), asked, running)
        _print(asked, running, results, plan)
        console.print(figures.table(_rates_of(results), judged=not quick))
        _print_memory(running)
    for reason in missing:
        console.print(f"left out: {reason}")
    return 0


def _check(city: Place, asked: Sequence[Question], running: Sequence[Running]) -> None:
    """Compare answers with PostGIS before anything is timed; raises WrongAnswer."""
    for question in asked:
        if question.unchanged:
            continue  # an answer without a body
        for one in running:
            paths = question.paths(one.server)
            slow = question.kind == "tile" and one.server.name == "pygeoapi"
            pairs = list(zip(paths or [], question.wanted, strict=False))
            for path, (_, wanted) in pairs[: 1 if slow else CHECKED]:
                answers.check(one.address, path, wanted)
            servers.end_queries(city, one.server)
    console.print("every server answers every question with the features that PostGIS counts")


@dataclass(frozen=True)
class Run:
    """What every measurement of one run shares."""

    city: Place
    plan: Plan
    inside: Path
    deadline: float


def _measure(run: Run, asked: Sequence[Question], running: Sequence[Running]) -> Results:
    """Ask one server after the other, question by question, so that all meet the same machine."""
    results: Results = {}
    limits = limit.scripts(run.city, asked, run.inside)
    for _ in range(run.plan.rounds):
        for question in asked:
            for one in running:
                paths = question.paths(one.server)
                result = results.setdefault((question.title, one.server.name), Result())
                if paths is None or result.slow:
                    continue
                if time.monotonic() > run.deadline:
                    console.print("the time is over: the rest is not measured")
                    return results
                try:
                    _one(run, _asked(question, one, paths), one, result)
                except WrongAnswer as error:
                    if one.server.name in (servers.OURS, servers.KEEPING):
                        raise
                    # Its own time limit ended a query, say; the others are measured all the same.
                    console.print(f"  {question.title:28} {one.server.name:15} failed: {error}")
                    result.slow = True
                    continue
                left = servers.end_queries(run.city, one.server)
                console.print(
                    f"  {question.title:28} {one.server.name:15} {_rate(result):>10}/s"
                    + (f"  {left} queries left running, ended" if left else "")
                )
            done = limit.measure(run.city, limits.get(question.title, []), run.plan.seconds)
            if done is not None:
                results.setdefault((question.title, limit.NAME), Result()).add(done)
    return results


def _asked(question: Question, one: Running, paths: Sequence[str]) -> load.Asked:
    tags = [answers.etag(one.address, path) for path in paths] if question.unchanged else []
    return load.Asked(one.address, paths, {"If-None-Match": ", ".join(tags)} if tags else {})


def _one(run: Run, asked: load.Asked, one: Running, result: Result) -> None:
    """Warm connections, plans and caches, which also tells how slow a server is; then measure."""
    warm = load.measure_few(asked, WARM_REQUESTS, run.plan.warm_s)
    if warm.requests >= WARM_REQUESTS / 2:
        result.add(load.measure(asked, run.plan.seconds, run.inside))
        return
    servers.end_queries(run.city, one.server)
    result.add(load.measure_few(asked, SLOW_REQUESTS, run.plan.slow_s))
    result.slow = result.p95_ms[-1] > SLOW_ONCE_S * 1e3


def _print(
    asked: Sequence[Question], running: Sequence[Running], results: Results, plan: Plan
) -> None:
    names = [*(one.server.name for one in running), limit.NAME]
    table = Table(
        title=f"requests/s (95 % answered within), {plan.buildings:,} generated buildings,"
        f" {load.CLIENTS} clients, {servers.WORKERS} workers"
    )
    table.add_column("request")
    for name in names:
        table.add_column(name, justify="right")
    for question in asked:
        table.add_row(
            question.title, *(_cell(results.get((question.title, name))) for name in names)
        )
    console.print(table)


def _rate(result: Result) -> str:
    rate = result.rate
    digits = 0 if rate >= 100 else 1 if rate >= 10 else 2
    return ("< " if result.least else "") + f"{rate:,.{digits}f}"


def _cell(result: Result | None) -> str:
    if result is None or not result.per_second:
        return "-"
    return f"{_rate(result)} ({mean(result.p95_ms):,.0f} ms)"


def _rates_of(results: Results) -> figures.Rates:
    def rates(question: str, server: str) -> Sequence[float]:
        found = results.get((question, server))
        return found.per_second if found else ()

    return rates


def _print_memory(running: Sequence[Running]) -> None:
    for one in running:
        size = one.memory_mb()
        note = ""
        if one.server.name == servers.OURS:
            verdict = "reached" if size < WORKER_LIMIT_MB else "MISSED"
            note = f" (wanted: under {WORKER_LIMIT_MB} MB: {verdict})"
        console.print(f"largest process after the load: {one.server.name:15} {size:6.0f} MB{note}")

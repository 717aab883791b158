"""What was measured, as Markdown and plots: a pure function of the results."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.lake.works import BARE_SCAN, EXACT, SWEEP, WORKS
from benchmarks.peer import MEMORY_SHARE, Outcome
from benchmarks.plot import chart

__all__ = ["write"]

Found = dict[str, Any]
OURS, OURS_EXACT = "lakedrift", "lakedrift_exact"
NOT_RUN = Outcome(error="not run")
ROUNDING = 1e-12  # distances that differ by less are the same

HEAD = """# Benchmarks

`make bench` measured this and wrote this page; `benchmarks/` holds the programs, and makes the data from a seed.
"""

LAKES = """## A sweep beside the bare scan

The yardstick is the *bare scan*: Polars reads the same columns of the same files and throws them away. A *sweep* is
`ld.sweep` with its defaults: every column, every metric, drift and quality, both sides; an *exact sweep* is the same with
`exact=True`. All start from Parquet files (zstd) in the page cache and run in turn in one process. Seconds are medians of
so many runs, and the ratio is the median of the ratios within a turn. Core-hours count the processor time of all threads, for
a terabyte as stored. Peak memory is resident memory above the imports, in a process of its own. Rows are those of one side;
there are two.
"""

PEERS = """## Peers

Each peer read the same files in one run of this report, as its documentation says, with all cores to itself, in a pinned
environment of its own (`benchmarks/peers/NAME.txt`). *In all* is loading and computing; *from memory* leaves loading out.
Both are medians without the first run, which also compiles and warms up and stands apart; where there is one run only, it
is that one. *× sweep* compares *in all*. Peak memory is that of the whole process (of SciPy, without its helpers).
The last column says how far Kolmogorov–Smirnov distances are from the exact ones, in the worst column. What they compute
differs, and most compute less:
"""

PEER_HEAD = ("", "version", "columns", "runs", "first run", "in all", "from memory", "× sweep", "peak memory", "KS off by")

START = """## Starting up

Whole processes, from nothing to the exit code. The small lake has {rows} of {columns} columns.
"""

KERNELS = """## Kernels

One thread, compiled, in the median. A value is one of a column; cells and bins are compared after the scan, and there are few.
"""


def write(results: dict[str, Found], stem: str) -> dict[str, str]:
    """Return the page and its plots by file name; a section that was not measured is left out."""
    found = {name: section["found"] for name, section in results.items()}
    lakes, peers = found.get("lakes", []), found.get("peers", [])
    by_rows = [lake for lake in lakes if lake["name"].endswith(" rows")]
    by_columns = [lake for lake in lakes if lake["name"].endswith(" columns")]
    plots = {
        f"{stem}-rows.svg": _plot("Time against rows, 21 columns", "rows of each side", "rows", by_rows),
        f"{stem}-columns.svg": _plot("Time against columns", "columns", "columns", by_columns),
    }
    drawn = {name: plot for name, plot in plots.items() if plot}
    parts = [HEAD, _short(by_rows, peers)]
    if lakes:
        images = (f"![{name}]({name})\n" for name in drawn)
        parts += [LAKES, _lakes(lakes), *images]
    if peers:
        parts += [PEERS, _whats(peers), *(_peers(group) for group in peers)]
    if "start" in found:
        parts += [START.format(rows=_rows(found["start"]), columns=found["start"]["columns"]), _start(found["start"])]
    if "kernels" in found:
        parts += [KERNELS, _kernels(found["kernels"])]
    parts += [_weak(lakes, peers, found.get("start", {"seconds": {}})), _conditions(results)]
    return {f"{stem}.md": "\n".join(part for part in parts if part), **drawn}


def _short(by_rows: Sequence[Found], peers: Sequence[Found]) -> str:
    lines = [_sweep_in_short(by_rows[-1])] if by_rows else []
    for group in peers:
        told = ", ".join(f"{name} {_times(times)}" for times, name in _against_a_sweep(group))
        if told:
            lines.append(f"Peers on {_rows(group)}, in multiples of the time of a sweep: {told}.")
        outcomes = _outcomes(group)
        scipy, exact = (outcomes.get(name, NOT_RUN) for name in ("scipy", OURS_EXACT))
        if not scipy.error and not exact.error:
            times = scipy.seconds_from_memory / exact.seconds
            lines.append(
                f"SciPy on {_rows(group)} in memory, a process a core: {_times(times)} the time of an exact sweep from disk."
            )
    return "".join(f"- {line}\n" for line in lines)


def _sweep_in_short(lake: Found) -> str:
    sweep, exact = lake["costs"][SWEEP], lake["costs"][EXACT]
    return (
        f"{_shape(lake)}: a sweep takes {_seconds(sweep['seconds'])} s, **{sweep['ratio']:.2f} × the bare scan**, and "
        f"{exact['ratio']:.2f} × with `exact=True`; **{sweep['core_hours']:.2f} core-hours a terabyte**; "
        f"{_bytes(sweep['peak_bytes'])} of memory at the peak."
    )


def _lakes(lakes: Sequence[Found]) -> str:
    head = ["lake", "rows", "columns", "files", "on disk", "", "runs", "seconds", "× bare scan", "core-hours/TB", "peak memory"]
    rows = []
    for lake in lakes:
        shape = [lake["name"], f"{lake['rows']:,}", f"{lake['columns']:,}", f"{lake['files']:,}", _bytes(lake["bytes"])]
        for work in WORKS:
            cost = lake["costs"][work]
            ratio = "" if work == BARE_SCAN else f"{cost['ratio']:.2f}"
            figures = [
                str(cost["turns"]),
                _seconds(cost["seconds"]),
                ratio,
                f"{cost['core_hours']:.2f}",
                _bytes(cost["peak_bytes"]),
            ]
            rows.append([*shape, work, *figures])
            shape = [""] * len(shape)
    return _table(head, rows)


def _plot(title: str, label: str, key: str, lakes: Sequence[Found]) -> str:
    if not lakes:
        return ""
    lines = {work: [(lake[key], lake["costs"][work]["seconds"]) for lake in lakes] for work in WORKS}
    return chart(title, label, "seconds", lines)


def _whats(peers: Sequence[Found]) -> str:
    whats = {name: outcome["what"] for group in peers for name, outcome in group["outcomes"].items()}
    return "".join(f"- {_title(name)}: {what}\n" for name, what in whats.items())


def _peers(group: Found) -> str:
    outcomes = _outcomes(group)
    ours, exact = (outcomes.get(name, NOT_RUN) for name in (OURS, OURS_EXACT))
    done = sorted((outcome.seconds, name) for name, outcome in outcomes.items() if not outcome.error)
    rows = []
    for seconds, name in done:
        outcome = outcomes[name]
        first = outcome.load_seconds[0] + outcome.compute_seconds[0]
        figures = [_seconds(figure) + " s" for figure in (first, seconds, outcome.seconds_from_memory)]
        times = "" if ours.error else _times(seconds / ours.seconds)
        counts = [outcome.version, str(outcome.columns), str(len(outcome.load_seconds))]
        rows.append([_title(name), *counts, *figures, times, _bytes(outcome.peak_bytes), _error(outcome, exact)])
    rows += [[_title(name), outcome.error, *[""] * 8] for name, outcome in outcomes.items() if outcome.error]
    return f"### {_shape(group)}\n\n{_table(PEER_HEAD, rows)}\n{_limits(group)}\n"


def _outcomes(group: Found) -> dict[str, Outcome]:
    return {
        name: Outcome(**{key: value for key, value in outcome.items() if key != "what"})
        for name, outcome in group["outcomes"].items()
    }


def _against_a_sweep(group: Found) -> list[tuple[float, str]]:
    """Return how many times as long as a sweep each peer took, ascending."""
    done = {name: outcome.seconds for name, outcome in _outcomes(group).items() if not outcome.error}
    if OURS not in done:
        return []
    return sorted((seconds / done[OURS], name) for name, seconds in done.items() if name not in (OURS, OURS_EXACT))


def _limits(group: Found) -> str:
    return f"A peer is ended after {group['timeout']:.0f} s, and may take {MEMORY_SHARE:.0%} of the machine's memory."


def _error(outcome: Outcome, exact: Outcome) -> str:
    """How far a peer's distances are from the exact ones."""
    theirs, right = outcome.statistics.get("ks", {}), exact.statistics.get("ks", {})
    pairs = ((value, right.get(name)) for name, value in theirs.items())
    gaps = [abs(value - known) for value, known in pairs if value is not None and known is not None]
    if not gaps:
        return "–"
    return "0" if max(gaps) < ROUNDING else f"{max(gaps):.1g}"


def _start(found: Found) -> str:
    return _table(["", "seconds"], ([name, _seconds(value)] for name, value in found["seconds"].items()))


def _kernels(found: Sequence[Found]) -> str:
    rows = (
        [benchmark["name"].removeprefix("test_"), f"{benchmark['nanoseconds']:.2f} ns a {benchmark['of']}"]
        for benchmark in found
    )
    return _table(["kernel", "takes"], rows)


def _weak(lakes: Sequence[Found], peers: Sequence[Found], start: Found) -> str:
    lines = [f"{_capital(name)}: {_seconds(value)} s." for name, value in start["seconds"].items() if "sweep" in name]
    for lake in lakes:
        if lake["name"] in WHY:
            sweep, exact = (lake["costs"][work]["ratio"] for work in (SWEEP, EXACT))
            lines.append(f"{lake['name']}: {sweep:.1f} × the bare scan, {exact:.1f} × with `exact=True`. {WHY[lake['name']]}")
    for group in peers:
        faster = [name for times, name in _against_a_sweep(group) if times < 1.0]
        if faster:
            lines.append(f"On {_rows(group)}, loading included, these take less time than a sweep: {', '.join(faster)}.")
    lines.append("Files were in the page cache of a local disk. Slow disks and object stores were not measured.")
    return "## Weak spots\n\n" + "".join(f"- {line}\n" for line in lines)


WHY = {
    "10,000 rows": "Every column has costs of its own, for its grid and its metrics, however few its rows.",
    "wide and short": "The same, for a thousand columns.",
    "distinct strings": "Five columns of strings that never repeat.",
}


def _conditions(results: dict[str, Found]) -> str:
    together: dict[str, list[str]] = {}
    for name, section in results.items():
        around = section["conditions"]
        versions = ", ".join(f"{package} {version}" for package, version in around["versions"].items())
        machine = f"{around['machine']}, {around['cores']} cores, {_bytes(around['memory'])} of memory; {around['system']}"
        told = f"{around['date']}; {machine}; {versions}; {around['runs']} runs"
        together.setdefault(told, []).append(f"{name} (load average {around['load']:.1f} at the start)")
    lines = "".join(f"- {', '.join(names)}: {told}.\n" for told, names in together.items())
    return f"## Conditions\n\n{lines}\nNothing was done to keep other work off the machine.\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def _shape(found: Found) -> str:
    return f"{_rows(found)} of {found['columns']} columns, {_bytes(found['bytes'])} on disk"


def _rows(found: Found) -> str:
    return f"{found['rows']:,} + {found['rows']:,} rows"


def _capital(words: str) -> str:
    return words[0].upper() + words[1:]


def _title(name: str) -> str:
    return f"**{name}**" if name in (OURS, OURS_EXACT) else name


def _seconds(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2 if value >= 1 else 3
    return f"{value:,.{digits}f}"


def _times(value: float) -> str:
    return f"{value:,.0f} ×" if value >= 10 else f"{value:.1f} ×" if value >= 0.95 else f"{value:.2g} ×"


def _bytes(value: float | None) -> str:
    if value is None:
        return "unknown"
    return f"{value / 1e9:.2f} GB" if value >= 1e9 else f"{value / 1e6:.0f} MB" if value >= 1e7 else f"{value / 1e6:.1f} MB"

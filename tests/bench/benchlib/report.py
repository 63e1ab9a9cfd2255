"""Writes docs/BENCHMARKS.md."""

from . import aims, flood, machine, paths, process, quota, servers, stats, throughput, units, verification

INTRODUCTION = """\
# Benchmarks

Written by `make bench`; do not edit by hand.
Times do not carry from one machine to another: read the ratios to the floors, which were built and run in the same run, in turn with ours.
Every figure is a median; the quartiles stand in brackets.
"""

PROCESS_NOTES = """\
Each server runs on core 1 and is started again for each figure; wrk, with one thread, runs on core 0.
Each request is a signed GitHub push with a delivery id of its own; an answer outside 2xx stops the run, so no refusal is counted.
`bellhop serve` writes each event to disk before it answers, and meanwhile routes it and makes its Telegram message in a dry run.
The bare server (axum, one thread) reads the body, verifies the signature and answers 202; nginx answers 202 and verifies nothing.
"""

FUNCTION_NOTES = """\
Each function runs on core 1 against a Runtime API on core 0, which starts it, gives it events and holds the clock; AWS is fixed answers over plain HTTP.
F1 is the smallest function: it parses the event and answers 200. F2 has `aws-config` and the SDK with all defaults, parses into `serde_json::Value` and sends the event to SQS; it verifies nothing.
Ingress, F1 and F2 get the same signed push of 7,653 bytes in an API Gateway event; the router gets the message that ingress sent, the Telegram worker the message that the router sent, and the API a request for its hooks.
`exec → next` is from process start to the first request for work; `first answer` is from process start; memory is the peak.
Instructions are counted by cachegrind: until the first `next`, and per event when warm. It has no SHA instructions, so hashing counts for more there than on a real core.
"""

TLS_NOTES = """\
From event to answer, for the first webhook of a process, in milliseconds: full CPU until the first `next`, then the share of a 128 MB function (128/1,769 of a core, in periods of 20 ms) by control group.
DynamoDB, SQS and SSM are stand-ins at one address that speak TLS 1.3 with a P-256 certificate of one link; F1 calls nothing, F2 opens its connection with the first call.
The share and its period model Lambda; they are not measured on it.
"""

UNIT_NOTES = """\
Counted from the requests that the stand-ins saw for one more event when warm, one event at a time; an update is counted by its key and new values.
A full batch costs less; invocations, receiving from the queues and CPU time come on top.
"""


def write(measured, began: str, load_before: str) -> None:
    """Puts the report together: what was not measured this time is left out."""
    rows = machine.describe() + [["measured", began], ["load average", f"{load_before} before, {machine.load()} after"]]
    parts = [INTRODUCTION, "## Machine\n", stats.table(["what", "value"], rows)]
    judged = []
    if measured.load:
        judged += aims.of_process(measured.load)
    if measured.times:
        judged += aims.of_functions(measured.times, measured.counted, measured.weights, measured.tls)
    if measured.throughput:
        judged += aims.of_throughput(measured.throughput)
    if measured.flood:
        judged += aims.of_flood(measured.flood)
    if measured.verification:
        judged += verification.of(measured.verification)
    parts += ["\n## Aims\n", stats.table(["what", "aim", "measured", "verdict"], [aim.row() for aim in judged])]
    if measured.load:
        parts += one_process(measured.load)
    if measured.throughput:
        parts += throughput.section(measured.throughput)
    if measured.flood:
        parts += flood.section(measured.flood)
    if measured.times:
        parts += functions(measured)
    if measured.verification:
        parts += verification.section(measured.verification)
    text = "\n".join(parts) + "\n"
    paths.REPORT.write_text(text)
    print(text)


def put(section: list[str]) -> None:
    """Replaces one section of the report, or adds it, and leaves the others as they are."""
    text = "\n".join(section).strip() + "\n"
    title = text.splitlines()[0]
    old = paths.REPORT.read_text()
    before, found, rest = old.partition(f"\n{title}\n")
    after = rest[rest.index("\n## "):] if "\n## " in rest else ""
    paths.REPORT.write_text(f"{before.rstrip()}\n\n{text}{after}" if found else f"{old.rstrip()}\n\n{text}")
    print(text)


def one_process(seen) -> list[str]:
    """The section of the one process."""
    rows = []
    for size in process.BODIES:
        for connections in process.CONNECTIONS:
            bare = stats.median(seen.cells["bare", size, connections].rps)
            for name in servers.SERVERS:
                cell = seen.cells[name, size, connections]
                ratio = "" if name == "bare" else f"{100 * stats.median(cell.rps) / bare:.0f} %"
                load = f"{size // 1000} KB, {connections}"
                rows.append([load, name, stats.spread(cell.rps), ratio, stats.spread(cell.p50_ms), stats.spread(cell.p99_ms)])
    head = ["body, connections", "server", "requests/s", "of bare", "p50 ms", "p99 ms"]
    long = seen.sustained
    facts = [
        ["one write of 8 KB with fdatasync on the same disk", f"{stats.spread(seen.fdatasync_us)} µs"],
        ["p99 of one hook at 400 requests/s, alone", f"{stats.spread(seen.alone_p99_ms)} ms"],
        ["the same while another hook refuses 2,000 requests/s", f"{stats.spread(seen.flooded_p99_ms)} ms"],
        ["memory of `bellhop serve` after start", f"{seen.idle_kib / 1024:.1f} MiB"],
        [f"requests/s over {long['seconds']:.0f} s at 64 connections, 2 KB", f"{long['requests'] / long['seconds']:,.0f}"],
        ["peak memory during that load", f"{seen.loaded_peak_kib / 1024:.1f} MiB"],
        ["memory 5 s after that load", f"{seen.rested_kib / 1024:.1f} MiB"],
    ]
    rounds = len(seen.cells["bare", process.BODIES[0], 1].rps)
    return [
        "\n## One process\n",
        PROCESS_NOTES + f"Rounds: {rounds}.\n",
        stats.table(head, rows),
        "",
        stats.table(["also", "value"], facts),
    ]


def functions(seen) -> list[str]:
    """The sections of the functions."""
    head = ["function", "MB", "zip MB", "exec → next µs", "of F1", "first answer µs", "warm answer µs", "memory MiB"]
    rows = []
    base = stats.median(seen.times["F1"].next_us)
    for name, times in seen.times.items():
        weight = seen.weights[name]
        ratio = f"{stats.median(times.next_us) / base:.2f} ×"
        memory = f"{stats.median(times.peak_kib) / 1024:.1f}"
        sizes = [f"{weight.binary / 1e6:.2f}", f"{weight.zipped / 1e6:.2f}"]
        spreads = [stats.spread(times.next_us), ratio, stats.spread(times.first_us), stats.spread(times.warm_us)]
        rows.append([name, *sizes, *spreads, memory])
    rounds = len(seen.times["F1"].next_us)
    parts = ["\n## Functions\n", FUNCTION_NOTES + f"Rounds: {rounds}.\n", stats.table(head, rows), ""]
    counted = [[name, f"{c.start:,}", f"{c.warm:,}"] for name, c in seen.counted.items()]
    parts += [stats.table(["function", "instructions to the first next", "instructions per event"], counted)]
    parts += ["\n## First webhook over TLS\n", TLS_NOTES, first_over_tls(seen)]
    return [*parts, "\n## Billed units per event\n", UNIT_NOTES, billed(seen.units)]


def first_over_tls(seen) -> str:
    """The table of first webhooks, or why there is none."""
    if not seen.tls:
        return "Not measured: this machine lets us make no control group for the CPU."
    rows = []
    for name, values in seen.tls.items():
        rows.append([name, stats.spread(values), stats.spread(seen.tls_unlimited[name])])
    return stats.table(["function", "128 MB", f"{quota.WHOLE_CORE_MB:,} MB"], rows)


def billed(counted: dict[str, dict[str, float]]) -> str:
    """The table of units and their price."""
    rows = []
    for name, found in counted.items():
        said = ", ".join(f"{count:g} {unit}" for unit, count in found.items()) or "none"
        rows.append([name, said, f"{units.price(found):.2f}"])
    return stats.table(["function", "units", "$ per million"], rows)

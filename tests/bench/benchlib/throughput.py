"""Events from end to end: how many a second one process carries while they come in, and how many when it catches up."""

import os
import sqlite3
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from . import paths, process, servers, stats

CONNECTIONS = 64
BODY = 2_000
MOST_AGE_MS = 1_000
# From fast to slow: 64 connections that pause so long between their requests.
PAUSES_MS = [0, 2, 4, 6, 8, 10, 12, 16, 20, 24, 32, 48, 64]
LANES = ["dry run", "forward"]

NOTES = f"""\
Signed pushes of 2 KB over {CONNECTIONS} connections. The process has both cores and shares one of them with the load; `forward` posts to nginx on the same machine, one address, which answers at once.
*accepted* is the rate at full speed. *caught up* is the rate at which what was left of that is carried to the end, when nothing comes in any more.
*sustained* is the highest rate, of the paced loads that were tried, at which the oldest event waiting stays under {MOST_AGE_MS:,} ms all along.
"""


@dataclass
class Lane:
    """What was measured of one kind of work."""

    accepted_rps: list[float] = field(default_factory=list)
    caught_up_rps: list[float] = field(default_factory=list)
    sustained_rps: float = 0.0
    p99_ms: float = 0.0


def measure(rounds: int, flood_seconds: int, sustained_seconds: int) -> dict[str, Lane]:
    """Measures both kinds of work."""
    found = {name: Lane() for name in LANES}
    with servers.started("nginx") as (sink, _):
        for name, lane in found.items():
            config = paths.work("throughput") / "bellhop.toml"
            config.write_text(configuration(name, sink))
            for _ in range(rounds):
                accepted, caught_up = flooded(config, flood_seconds)
                lane.accepted_rps.append(accepted)
                lane.caught_up_rps.append(caught_up)
            lane.sustained_rps, lane.p99_ms = sustained(config, sustained_seconds)
            print(f"throughput: {name}: {lane}", flush=True)
    return found


def configuration(name: str, sink: int) -> str:
    """The bench's configuration, with an action of this kind."""
    text = (paths.DATA / "bellhop.toml").read_text()
    if name == "dry run":
        return text
    shown = 'kind = "telegram"\n  chat = "1"'
    if shown not in text:
        raise RuntimeError("the action of the bench's hook is another one")
    forward = f'kind = "forward"\n  url = "http://127.0.0.1:{sink}/"'
    return text.replace(shown, forward) + '\n[network]\nallow_private_hosts = ["127.0.0.1"]\n'


def flooded(config: Path, seconds: int) -> tuple[float, float]:
    """The rate accepted at full speed, and the rate at which what is left then comes to its end."""
    with servers.started("bellhop", config, cores=both()) as (port, _):
        result = process.wrk(port, CONNECTIONS, BODY, seconds, "flood")
        left, began = waiting(), time.monotonic()
        while waiting() > left // 20:
            if time.monotonic() - began > 120:
                raise RuntimeError(f"of {left} events, {waiting()} were not carried to the end")
            time.sleep(0.05)
        return result["requests"] / result["seconds"], (left - waiting()) / (time.monotonic() - began)


def sustained(config: Path, seconds: int) -> tuple[float, float]:
    """The highest of the paced rates at which nothing waits too long, and the p99 of acceptance at it."""
    for pause_ms in PAUSES_MS:
        with servers.started("bellhop", config, cores=both()) as (port, _), ThreadPoolExecutor() as pool:
            load = pool.submit(process.wrk, port, CONNECTIONS, BODY, seconds, "paced", pause_ms=pause_ms)
            oldest = oldest_of(load)
            result = load.result()
        if oldest < MOST_AGE_MS:
            return result["requests"] / result["seconds"], result["p99_ms"]
    return 0.0, 0.0


def oldest_of(load: Future) -> float:
    """The greatest age that a waiting event had until a load ended."""
    oldest = 0.0
    while not load.done():
        oldest = max(oldest, age_ms())
        time.sleep(0.1)
    return oldest


def store() -> sqlite3.Connection:
    """The file of the running process."""
    return sqlite3.connect(f"file:{paths.work('servers') / 'bellhop' / 'data' / 'bellhop.db'}?mode=ro", uri=True)


def waiting() -> int:
    """How many events wait for the router or for their worker."""
    connection = store()
    try:
        return connection.execute("SELECT (SELECT count(*) FROM inbox) + (SELECT count(*) FROM work)").fetchone()[0]
    finally:
        connection.close()


def age_ms() -> float:
    """How long the oldest of them has waited; its id begins with the moment when it was accepted."""
    connection = store()
    try:
        inbox = connection.execute("SELECT message FROM inbox ORDER BY seq LIMIT 1").fetchone()
        work = connection.execute("SELECT key FROM work ORDER BY seq LIMIT 1").fetchone()
    finally:
        connection.close()
    ids = [message[0].split(b'"id":"', 1)[1][:36].decode() for message in [inbox] if message]
    ids += [key[0][:36] for key in [work] if key]
    accepted = [int(text.replace("-", "")[:12], 16) for text in ids]
    return max((time.time() * 1_000 - moment for moment in accepted), default=0.0)


def both() -> str:
    """All cores."""
    return f"0-{(os.cpu_count() or 1) - 1}"


def section(found: dict[str, Lane]) -> list[str]:
    """The section of the report."""
    rows = [
        [
            name,
            stats.spread(lane.accepted_rps),
            stats.spread(lane.caught_up_rps),
            stats.short(lane.sustained_rps),
            f"{100 * lane.sustained_rps / stats.median(lane.accepted_rps):.0f} %",
            stats.short(lane.p99_ms),
        ]
        for name, lane in found.items()
    ]
    head = ["work", "accepted/s", "caught up/s", "sustained/s", "of the accepted", "p99 ms at it"]
    return ["\n## From end to end\n", NOTES, stats.table(head, rows)]

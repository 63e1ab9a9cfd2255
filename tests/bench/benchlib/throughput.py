"""Events from end to end: how many a second one process carries while they come in, how many when it catches up, how soon
one has its effect, and what a store does that is full of them."""

import http.client
import json
import os
import re
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Iterator

from . import paths, payload, process, servers, setup, stats

CONNECTIONS = 64
FEW = 16
BODY = 2_000
MOST_AGE_MS = 1_000
# From fast to slow: 64 connections that pause so long between their requests.
PAUSES_MS = [0, 2, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64]
# The same for the few connections, of which each has to send more.
FEW_PAUSES_MS = [0, 1, 2, 3, 4, 5, 6, 8, 12, 16]
LANES = ["dry run", "forward"]
WAITING = 100_000
ONE_BY_ONE = 200

NOTES = f"""\
Signed pushes of 2 KB over {CONNECTIONS} connections. The process has both cores and shares one of them with the load; `forward` posts to nginx on the same machine, one address, which answers at once.
*accepted* is the rate at full speed. *caught up* is the rate at which what was left of that is carried to the end, when nothing comes in any more.
*sustained* is the highest rate, of the paced loads that were tried, at which the oldest event waiting stays under {MOST_AGE_MS:,} ms all along, for {{seconds}} s.
The *p99* is that of acceptance: at full speed, when the engine falls behind; and at the sustained rate, when it keeps up, over {CONNECTIONS} connections and over {FEW}.
"""


@dataclass
class Lane:
    """What was measured of one kind of work."""

    accepted_rps: list[float] = field(default_factory=list)
    flooded_p99_ms: list[float] = field(default_factory=list)
    caught_up_rps: list[float] = field(default_factory=list)
    sustained_rps: float = 0.0
    p99_ms: float = 0.0
    few_rps: float = 0.0
    few_p99_ms: float = 0.0


@dataclass
class Backlog:
    """What became of a store with many events waiting."""

    start_ms: float
    started_kib: int
    peak_kib: int
    drained_rps: float
    in_order: bool


@dataclass
class Throughput:
    """All that was measured from end to end."""

    lanes: dict[str, Lane]
    seconds: int
    effect_ms: list[float]
    backlog: Backlog


def measure(rounds: int, flood_seconds: int, sustained_seconds: int) -> Throughput:
    """Measures both kinds of work, one event at a time, and a full store."""
    found = {name: Lane() for name in LANES}
    config = paths.work("throughput") / "bellhop.toml"
    with servers.started("nginx") as (sink, _):
        for name, lane in found.items():
            config.write_text(configuration(name, sink))
            for _ in range(rounds):
                flood, caught_up = flooded(config, flood_seconds)
                lane.accepted_rps.append(flood["requests"] / flood["seconds"])
                lane.flooded_p99_ms.append(flood["p99_ms"])
                lane.caught_up_rps.append(caught_up)
            lane.sustained_rps, lane.p99_ms = sustained(config, sustained_seconds, CONNECTIONS, PAUSES_MS)
            lane.few_rps, lane.few_p99_ms = sustained(config, sustained_seconds, FEW, FEW_PAUSES_MS)
            print(f"throughput: {name}: {lane}", flush=True)
    effect_ms = one_by_one(config)
    print(f"throughput: effect after the answer, ms: {stats.median(effect_ms)}", flush=True)
    config.write_text(configuration("dry run", 0))
    backlog = full_store(config)
    print(f"throughput: {backlog}", flush=True)
    return Throughput(found, sustained_seconds, effect_ms, backlog)


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


def flooded(config: Path, seconds: int) -> tuple[dict, float]:
    """What a load at full speed found, and the rate at which what is left then comes to its end."""
    with servers.started("bellhop", config, cores=both()) as (port, _):
        result = process.wrk(port, CONNECTIONS, BODY, seconds, "flood")
        left, began = waiting(), time.monotonic()
        while waiting() > left // 20:
            if time.monotonic() - began > 120:
                raise RuntimeError(f"of {left} events, {waiting()} were not carried to the end")
            time.sleep(0.05)
        return result, (left - waiting()) / (time.monotonic() - began)


def sustained(config: Path, seconds: int, connections: int, pauses_ms: list[int]) -> tuple[float, float]:
    """The highest of the paced rates at which nothing waits too long, and the p99 of acceptance at it."""
    for pause_ms in pauses_ms:
        with servers.started("bellhop", config, cores=both()) as (port, _), ThreadPoolExecutor() as pool:
            load = pool.submit(process.wrk, port, connections, BODY, seconds, "paced", pause_ms=pause_ms)
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


def one_by_one(config: Path) -> list[float]:
    """How long after the answer to a webhook, which says that it is on the disk, its forwarded request is there, in ms; the
    next is sent when it is."""
    with noting_sink() as (sink, arrivals, arrived):
        config.write_text(configuration("forward", sink))
        with servers.started("bellhop", config, cores=both()) as (port, _):
            connection = http.client.HTTPConnection("127.0.0.1", port)
            body, times = payload.push(BODY), []
            for number in range(ONE_BY_ONE + 10):
                arrived.clear()
                connection.request("POST", "/webhook/github", body, payload.headers(body, f"one-{number}"))
                answer = connection.getresponse()
                answered = time.monotonic()
                answer.read()
                if answer.status != 200 or not arrived.wait(10):
                    raise RuntimeError(f"the webhook was answered with {answer.status} and not forwarded")
                times.append(1_000 * max(arrivals[-1] - answered, 0.0))
            return times[10:]


@contextmanager
def noting_sink() -> Iterator[tuple[int, list[float], threading.Event]]:
    """A server that notes when each request is there, and answers at once."""
    arrivals, arrived = [], threading.Event()

    class Sink(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            arrivals.append(time.monotonic())
            self.rfile.read(int(self.headers["content-length"]))
            self.send_response(204)
            self.end_headers()
            arrived.set()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """The process that calls is killed in the end."""

    server = Server(("127.0.0.1", 0), Sink)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1], arrivals, arrived
    finally:
        server.shutdown()


def full_store(config: Path) -> Backlog:
    """Starts a process over a store in which many events wait, and looks on until it has drained it."""
    folder = paths.work("servers") / "backlog"
    shutil.rmtree(folder, ignore_errors=True)
    with servers.started("bellhop", config, cores=both()) as (port, running):
        process.wrk(port, CONNECTIONS, BODY, 1, "left")
        running.send_signal(signal.SIGKILL)
        running.wait()
        shutil.copytree(paths.work("servers") / "bellhop" / "data", folder / "data")
    # What was in hand when the process was killed would be looked at before all others.
    (folder / "data" / "in-hand").unlink()
    ids = fill(folder / "data" / "bellhop.db")
    port = servers.free_port()
    environment = {**os.environ, "BENCH_SECRET": payload.SECRET, "BELLHOP_ADMIN_TOKEN": "bench-admin-token"}
    log = (folder / "server.log").open("wb")
    command = [setup.tool("taskset"), "-c", both(), *servers.commands("bellhop", port, folder, config)]
    began = time.monotonic()
    running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)
    try:
        servers.wait_for(port, running, folder / "server.log")
        start_ms, started_kib = 1_000 * (time.monotonic() - began), process.memory(running.pid, "VmHWM")
        while waiting(folder) > 0:
            if running.poll() is not None or time.monotonic() - began > 600:
                raise RuntimeError(f"{waiting(folder)} events were not carried to the end")
            time.sleep(0.2)
        seconds, peak_kib = time.monotonic() - began, process.memory(running.pid, "VmHWM")
    finally:
        running.kill()
        running.wait()
    backlog = Backlog(start_ms, started_kib, peak_kib, len(ids) / seconds, were_in_order(folder, ids))
    shutil.rmtree(folder)
    return backlog


def fill(file: Path) -> list[str]:
    """Leaves nothing in a store but events that wait for the router, copies of one that was accepted; gives their ids in
    the order in which they came."""
    connection = sqlite3.connect(file)
    message = connection.execute("SELECT message FROM inbox ORDER BY seq LIMIT 1").fetchone()
    if message is None:
        raise RuntimeError("nothing was left to copy")
    head, body = unpacked(message[0]).split(b"\n", 1)
    event = re.search(rb'"id":"([0-9a-f-]{36})"', head).group(1).decode()
    delivery = re.search(rb"left-[0-9]+-[0-9]+", head).group()
    first = int(event[:13].replace("-", ""), 16) - WAITING
    ids = [(f"{first + number:012x}", event) for number in range(WAITING)]
    ids = [f"{moment[:8]}-{moment[8:]}{event[13:]}" for moment, event in ids]
    for table in ["inbox", "events", "tasks", "work", "claims"]:
        connection.execute(f"DELETE FROM {table}")
    rows = (
        (head.replace(event.encode(), text.encode()).replace(delivery, b"waits-%d" % number) + b"\n" + body,)
        for number, text in enumerate(ids)
    )
    connection.executemany("INSERT INTO inbox (message) VALUES (?)", rows)
    connection.commit()
    connection.close()
    return ids


def were_in_order(folder: Path, ids: list[str]) -> bool:
    """Whether each event had its one effect, and none before one that came before it."""
    connection = store(folder)
    tasks = connection.execute("SELECT id, doc FROM tasks ORDER BY id").fetchall()
    connection.close()
    done = [(task[:36], json.loads(doc)) for task, doc in tasks]
    moments = [doc["attempts"][0]["started_at"] for _, doc in done if doc["status"] == "succeeded"]
    return [event for event, _ in done] == ids and len(moments) == len(ids) and moments == sorted(moments)


def store(folder: Path | None = None) -> sqlite3.Connection:
    """The file of the running process."""
    folder = folder or paths.work("servers") / "bellhop"
    return sqlite3.connect(f"file:{folder / 'data' / 'bellhop.db'}?mode=ro", uri=True)


def waiting(folder: Path | None = None) -> int:
    """How many events wait for the router or for their worker."""
    connection = store(folder)
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
    ids = [unpacked(message[0]).split(b'"id":"', 1)[1][:36].decode() for message in [inbox] if message]
    ids += [key[0][:36] for key in [work] if key]
    accepted = [int(text.replace("-", "")[:12], 16) for text in ids]
    return max((time.time() * 1_000 - moment for moment in accepted), default=0.0)


def unpacked(row: bytes) -> bytes:
    """The inbox message of a row: a short one is packed as LZ4's block format has it, behind a mark and the length."""
    if row[:1] != b"\x07":
        return row
    place, text = 5, bytearray()
    while place < len(row):
        token, place = row[place], place + 1
        literals, place = length(row, place, token >> 4)
        text += row[place : place + literals]
        place += literals
        if place == len(row):
            break
        start = len(text) - int.from_bytes(row[place : place + 2], "little")
        copied, place = length(row, place + 2, token & 15)
        for number in range(start, start + copied + 4):
            text.append(text[number])
    return bytes(text)


def length(row: bytes, place: int, half: int) -> tuple[int, int]:
    """A length that half a token began, and the place behind it."""
    more = half == 15
    while more:
        half, more, place = half + row[place], row[place] == 255, place + 1
    return half, place


def both() -> str:
    """All cores."""
    return f"0-{(os.cpu_count() or 1) - 1}"


def p99(values: list[float]) -> float:
    """The value that one in a hundred is above."""
    return sorted(values)[max(0, len(values) * 99 // 100 - 1)]


def section(found: Throughput) -> list[str]:
    """The section of the report."""
    rows = [
        [
            name,
            stats.spread(lane.accepted_rps),
            stats.spread(lane.caught_up_rps),
            stats.short(lane.sustained_rps),
            f"{100 * lane.sustained_rps / stats.median(lane.accepted_rps):.0f} %",
            stats.spread(lane.flooded_p99_ms),
            stats.short(lane.p99_ms),
            f"{stats.short(lane.few_p99_ms)} at {stats.short(lane.few_rps)}/s",
        ]
        for name, lane in found.lanes.items()
    ]
    head = ["work", "accepted/s", "caught up/s", "sustained/s", "of the accepted", "p99 ms at full speed", "p99 ms sustained", f"the same, {FEW} connections"]
    backlog = found.backlog
    others = [
        ["from the answer to a webhook to its forwarded request, one at a time, p50", f"{stats.median(found.effect_ms):.2f} ms"],
        ["the same, p99", f"{p99(found.effect_ms):.2f} ms"],
        [f"{WAITING:,} events in the store: until the process listens", f"{stats.short(backlog.start_ms)} ms"],
        ["memory then, and at most until all were carried to the end", f"{backlog.started_kib / 1024:.1f} and {backlog.peak_kib / 1024:.1f} MiB"],
        ["carried to the end, dry run", f"{stats.short(backlog.drained_rps)}/s, {'' if backlog.in_order else '**not** '}in order, each once"],
    ]  # fmt: skip
    notes = NOTES.format(seconds=found.seconds)
    return ["\n## From end to end\n", notes, stats.table(head, rows), "", stats.table(["also", "value"], others)]

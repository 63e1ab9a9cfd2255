"""Steady load on one process for a long time: what grows, and what should go."""

import http.client
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import threading
import time
from pathlib import Path

from . import paths, payload, process, servers, stats

CHATS = 28
SENDERS = 10
EXPIRED_ROWS = 20_000
BODY = 2_000
PURGE_SECONDS = 300
"""How often the process deletes what has expired."""


class Load:
    """Senders with a steady rate, and what they saw."""

    def __init__(self, port: int, rate: int) -> None:
        self.port, self.pause = port, SENDERS / rate
        self.times_ms: list[float] = []
        self.failed = 0
        self.stop = threading.Event()
        body = payload.push(BODY)
        self.body, self.signature = body.encode(), payload.signature(body)
        self.threads = [threading.Thread(target=self._send, args=(number,)) for number in range(SENDERS)]

    def _send(self, sender: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        due = time.monotonic() + sender * self.pause / SENDERS
        number = 0
        while not self.stop.is_set():
            time.sleep(max(0.0, due - time.monotonic()))
            due += self.pause
            number += 1
            headers = {
                "content-type": "application/json",
                "x-github-event": "push",
                "x-github-delivery": f"soak-{sender}-{number}",
                "x-hub-signature-256": self.signature,
            }
            begin = time.perf_counter()
            connection.request("POST", f"/webhook/chat/{number % CHATS}", self.body, headers)
            answer = connection.getresponse()
            answer.read()
            self.times_ms.append((time.perf_counter() - begin) * 1000)
            self.failed += answer.status != 200

    def take(self) -> list[float]:
        """The times since they were last taken."""
        times, self.times_ms = self.times_ms, []
        return times


def run(minutes: float, rate: int) -> None:
    """Loads a server, and prints a line a minute and what came of it."""
    subprocess.run(["cargo", "build", "--quiet", "-p", "bellhop-tests", "--bin", "fake-bot-api"], cwd=paths.ROOT, check=True)
    folder = paths.work("soak")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    fake = subprocess.Popen([paths.ROOT / "target/debug/fake-bot-api", "--token", "1:soak"], stdout=subprocess.PIPE, text=True)
    try:
        api_base = fake.stdout.readline().split()[-1]
        (folder / "bellhop.toml").write_text(config(api_base))
        with served(folder):
            pass
        add_expired(folder / "data" / "bellhop.db")
        with served(folder) as (port, server):
            measure(port, server.pid, minutes, rate)
        left = expired(folder / "data" / "bellhop.db")
        print(f"expired rows: {EXPIRED_ROWS} before, {left} after")
    finally:
        fake.kill()


def measure(port: int, pid: int, minutes: float, rate: int) -> None:
    """Loads for so long and prints what is seen."""
    load = Load(port, rate)
    for thread in load.threads:
        thread.start()
    begin, seen, every, failed = time.monotonic(), [], [], 0
    print("minute  requests   p50 ms   p99 ms  RSS KiB  files")
    while (passed := time.monotonic() - begin) < minutes * 60:
        time.sleep(min(60.0, minutes * 60 - passed))
        times = sorted(load.take())
        every += times
        memory, files = process.memory(pid, "VmRSS"), len(os.listdir(f"/proc/{pid}/fd"))
        seen.append(((time.monotonic() - begin) / 60, memory, files))
        middle, high = (times[len(times) // 2], times[len(times) * 99 // 100]) if times else (0.0, 0.0)
        print(f"{seen[-1][0]:6.1f} {len(times):9} {middle:8.2f} {high:8.2f} {memory:8} {files:6}", flush=True)
    load.stop.set()
    for thread in load.threads:
        thread.join()
    failed += load.failed
    # What settles after the start is no slope.
    settled = [point for point in seen if point[0] > minutes / 10] or seen
    every.sort()
    print(f"requests: {len(every)}, failed: {failed}, p99 {every[len(every) * 99 // 100]:.2f} ms")
    print(f"memory: {slope(settled) * 10 / 1024:+.2f} MiB in 10 minutes; files: {seen[0][2]} to {seen[-1][2]}")


def slope(points: list[tuple[float, int, int]]) -> float:
    """The least-squares slope of the memory, in KiB a minute."""
    if len(points) < 2:
        return 0.0
    middle = stats.median([point[0] for point in points])
    mean = sum(point[1] for point in points) / len(points)
    over = sum((minute - middle) * (memory - mean) for minute, memory, _ in points)
    return over / sum((minute - middle) ** 2 for minute, _, _ in points)


def config(api_base: str) -> str:
    """One hook for each of many chats, with short messages, so that the chats' pace keeps up."""
    head = f'[limits]\nrate_per_minute = 1000000\n[telegram]\ntoken = "env:SOAK_BOT"\napi_base = "{api_base}"\n'
    hook = (
        '[[hooks]]\nname = "c{n}"\npath = "chat/{n}"\nsender = "github"\nsecrets = ["env:BENCH_SECRET"]\n'
        'rate_per_minute = 1000000\ndeduplicate = "id"\n[[hooks.actions]]\nkind = "telegram"\nchat = "{chat}"\ntemplate = "{{{{ event.delivery_id }}}}"\n'
    )
    return head + "".join(hook.format(n=number, chat=number + 1) for number in range(CHATS))


class served:
    """A running server as its port and its process; it is stopped as an operator does."""

    def __init__(self, folder: Path) -> None:
        self.port = servers.free_port()
        binary = str(paths.PRODUCT_BINARIES / "bellhop")
        command = [binary, "serve", "--listen", f"127.0.0.1:{self.port}", "--log", "warn"]
        command += ["--data", str(folder / "data"), "--config", str(folder / "bellhop.toml")]
        environment = {**os.environ, "BENCH_SECRET": payload.SECRET, "SOAK_BOT": "1:soak", "BELLHOP_ADMIN_TOKEN": "soak-admin-token"}
        self.log = folder / "server.log"
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=log)

    def __enter__(self) -> tuple[int, subprocess.Popen]:
        servers.wait_for(self.port, self.process, self.log)
        return self.port, self.process

    def __exit__(self, *_: object) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait()


def add_expired(file: Path) -> None:
    """Adds events that expired long ago."""
    head = json.dumps({"path": "chat/1", "sender": "github", "received_at": 0, "headers": [], "hooks": [], "body_bytes": 0})
    rows = ((f"00000000-0000-7000-8000-{number:012x}", head, b"", 1) for number in range(EXPIRED_ROWS))
    with sqlite3.connect(file) as store:
        store.executemany("INSERT INTO events (id, head, body, expires_at) VALUES (?, ?, ?, ?)", rows)


def expired(file: Path) -> int:
    """How many expired events are left."""
    with sqlite3.connect(file) as store:
        limit = (time.time() - PURGE_SECONDS) * 1000
        return store.execute("SELECT count(*) FROM events WHERE expires_at < ?", (limit,)).fetchone()[0]

"""What an accepted webhook with one Telegram action costs, and what a stack costs that nobody rings at."""

from dataclasses import dataclass

from . import paths, units
from .subjects import Subject, in_batches, product, sent

BATCH = 10
"""The most messages that a queue hands over at once."""

GB_SECOND = 0.0000133334
MEMORY_GB = {name: function["memory_mb"] / 1024 for name, function in paths.manifest()["functions"].items()}
LOG_GB = 0.50
LOG_LINE_BYTES = 26
"""What CloudWatch adds to each line."""

ASSUMED_MS = {1: {"ingress": 10, "router": 25, "telegram": 250}, BATCH: {"ingress": 10, "router": 60, "telegram": 300}}
"""How long an invocation is assumed to take by the number of its messages; the worker mostly waits for Telegram."""

MONTH_SECONDS = 30 * 24 * 3600
POLLERS, POLL_SECONDS = 5, 20
"""How Lambda asks an idle queue: so many connections, each waiting so long for an answer."""

SCHEDULER_SECONDS, SCHEDULER_MS = 300, 1_500


@dataclass
class Line:
    """One part of the price."""

    part: str
    count: str
    dollars: float


@dataclass
class Counted:
    """What one function did for one webhook."""

    units: dict[str, float]
    log_bytes: float


def webhooks() -> dict[int, list[Line]]:
    """The parts of the price of a million webhooks, by the number of messages that come at once."""
    ingress, router, telegram, _ = product()
    inbox = len(sent(ingress.calls(1), "inbox").encode())
    work = len(sent(router.calls(1), "telegram.fifo").encode())
    front = counted(ingress)
    alone = {"ingress": front, "router": counted(router), "telegram": counted(telegram)}
    together = {"ingress": front, **{subject.name: counted(subject) for subject in in_batches(BATCH)}}
    return {1: lines(alone, inbox, work, 1), BATCH: lines(together, inbox, work, BATCH)}


def counted(subject: Subject) -> Counted:
    """Counts the units and the log bytes of one webhook at a function."""
    sizes = []
    for invocations in (1, 1 + subject.warm):
        subject.run(invocations)
        log = (paths.work("stub") / "function.log").read_bytes()
        sizes.append(len(log) + LOG_LINE_BYTES * log.count(b"\n"))
    first, all_of_them = sizes
    return Counted(units.per_webhook(subject), (all_of_them - first) / (subject.warm * subject.batch))


def lines(functions: dict[str, Counted], inbox_bytes: int, work_bytes: int, batch: int) -> list[Line]:
    """The parts of the price of a million webhooks."""
    every = {"HTTP API requests": 1.0, "invocations": 1 + 2 / batch}
    # The queues' own calls: a batch is received by one call, billed by its size, and deleted by another.
    every["SQS requests"] = (units.pieces(inbox_bytes * batch) + 1) / batch
    every["SQS FIFO requests"] = (units.pieces(work_bytes * batch) + 1) / batch
    for function in functions.values():
        for name, count in function.units.items():
            every[name] = every.get(name, 0) + count
    prices = ((name, price) for name, price in units.PRICE_PER_MILLION.items() if price and every.get(name))
    priced = [Line(name, f"{every[name]:.2f}", every[name] * price) for name, price in prices]
    shares = {"ingress": 1, "router": batch, "telegram": batch}
    took = {name: ASSUMED_MS[batch][name] / share for name, share in shares.items()}
    milliseconds = sum(took.values())
    compute = sum(each / 1000 * MEMORY_GB[name] for name, each in took.items()) * GB_SECOND * 1e6
    priced.append(Line("compute (ms, assumed)", f"{milliseconds:.0f}", compute))
    log_bytes = sum(function.log_bytes for function in functions.values())
    return [*priced, Line("log bytes", f"{log_bytes:.0f}", log_bytes * 1e6 / 2**30 * LOG_GB)]


def idle() -> list[Line]:
    """The parts of a month's price while nothing comes in."""
    polls = MONTH_SECONDS / POLL_SECONDS * POLLERS
    runs = MONTH_SECONDS / SCHEDULER_SECONDS
    price = {name: dollars / 1e6 for name, dollars in units.PRICE_PER_MILLION.items()}
    queues = paths.manifest()["queues"].items()
    per_request = {name: price["SQS FIFO requests" if queue["fifo"] else "SQS requests"] for name, queue in queues}
    settled = paths.manifest()["functions"]["scheduler"]["settles"]
    seconds = runs * SCHEDULER_MS / 1000
    return [
        *(Line(f"{name} queue polls", f"{polls:,.0f}", polls * each) for name, each in per_request.items()),
        Line("scheduler runs", f"{runs:,.0f}", runs * price["invocations"]),
        Line("its compute (s, assumed)", f"{seconds:,.0f}", seconds * MEMORY_GB["scheduler"] * GB_SECOND),
        Line("its looks for dead letters", f"{len(settled) * runs:,.0f}", runs * sum(per_request[name] for name in settled)),
    ]


def show(title: str, parts: list[Line]) -> str:
    """The parts as a table in Markdown, with their sum."""
    rows = [f"| {title} | units | $ |", "|---|---:|---:|"]
    rows += [f"| {line.part} | {line.count} | {line.dollars:.2f} |" for line in parts]
    return "\n".join([*rows, f"| together | | {sum(line.dollars for line in parts):.2f} |"])

"""The aims, each judged by a ratio to a floor of the same run."""

from dataclasses import dataclass

from . import flood, stats, throughput


@dataclass
class Aim:
    """One aim: what was measured, what it may be, and whether it is met."""

    what: str
    aim: str
    measured: str
    met: bool

    def row(self) -> list[str]:
        """The aim as a row of the report."""
        return [self.what, self.aim, self.measured, "met" if self.met else "**not met**"]


def at_most(what: str, value: float, limit: float, unit: str = "×") -> Aim:
    """An aim that a figure stays at or under a limit."""
    return Aim(what, f"≤ {limit:g} {unit}", f"{stats.short(value)} {unit}", value <= limit)


def at_least(what: str, value: float, limit: float, unit: str = "%") -> Aim:
    """An aim that a figure reaches a limit."""
    return Aim(what, f"≥ {limit:,g} {unit}", f"{stats.short(value)} {unit}", value >= limit)


def of_process(measured) -> list[Aim]:
    """The aims of the one process."""
    def rps(name: str, size: int) -> float:
        return stats.median(measured.cells[name, size, 64].rps)

    own = measured.cells["bellhop", 2_000, 64]
    alone = measured.cells["bellhop", 2_000, 1]
    disk_ms = stats.median(measured.fdatasync_us) / 1000
    return [
        at_least("durable requests/s at 64 connections, 2 KB, of the bare server", 100 * rps("bellhop", 2_000) / rps("bare", 2_000), 20),
        at_least("the same with 20 KB", 100 * rps("bellhop", 20_000) / rps("bare", 20_000), 20),
        at_least("the stretch: 2 KB, of the bare server", 100 * rps("bellhop", 2_000) / rps("bare", 2_000), 33),
        at_least("four times the faster durable rival's 2,500 requests/s, measured elsewhere", rps("bellhop", 2_000), 10_000, "requests/s"),
        at_most("p99 at 64 connections, 2 KB", stats.median(own.p99_ms), 30, "ms"),
        at_most("acknowledgement at one connection, 2 KB, of one fdatasync", stats.median(alone.p50_ms) / disk_ms, 3),
        at_most("p99 of a hook beside a flood on another, of the p99 without", stats.median(measured.flooded_p99_ms) / stats.median(measured.alone_p99_ms), 1.5),
        at_most("idle memory", measured.idle_kib / 1024, 20, "MiB"),
    ]  # fmt: skip


def of_throughput(found) -> list[Aim]:
    """The aims from end to end."""
    judged = []
    for name, lane in found.lanes.items():
        share = 100 * lane.sustained_rps / stats.median(lane.accepted_rps)
        judged.append(at_least(f"carried to the end while they come in, {name}", lane.sustained_rps, 8_000, "events/s"))
        judged.append(at_least("the same, of what is accepted at full speed", share, 50))
        judged.append(at_most("p99 of acceptance meanwhile, 64 connections", lane.p99_ms, 15, "ms"))
        judged.append(at_most("p99 of acceptance meanwhile, 16 connections", lane.few_p99_ms, 6, "ms"))
    backlog = found.backlog
    judged.append(at_most("from a webhook's answer to its forwarded request, p50", stats.median(found.effect_ms), 5, "ms"))
    judged.append(at_most("the same, p99", throughput.p99(found.effect_ms), 20, "ms"))
    judged.append(at_most("start-up over 100,000 waiting events", backlog.start_ms, 1_000, "ms"))
    judged.append(at_most("memory until they are carried to the end", backlog.peak_kib / 1024, 64, "MiB"))
    judged.append(Aim("the order of their effects", "kept", "kept" if backlog.in_order else "not kept", backlog.in_order))
    return judged


def of_flood(found) -> list[Aim]:
    """The aim beside forged requests: the worst family counts."""
    worst = max(found, key=lambda name: flood.ratio(found[name]))
    return [at_most(f"p99 of a hook beside forged requests ({worst}), of the p99 without", flood.ratio(found[worst]), flood.AIM)]


def of_functions(times, counted, weights, tls) -> list[Aim]:
    """The aims of ingress."""
    def next_us(name: str) -> float:
        return stats.median(times[name].next_us)

    aims = [
        at_most("exec → first `next`, of F1", next_us("ingress") / next_us("F1"), 1.6),
        at_most("start-up instructions, of F1", counted["ingress"].start / counted["F1"].start, 4),
        at_most("instructions per accepted webhook, of F2", counted["ingress"].warm / counted["F2"].warm, 0.5),
        at_most("ingress binary", weights["ingress"].binary / 1e6, 7, "MB"),
    ]
    if tls:
        first = {name: stats.median(values) for name, values in tls.items()}
        aims += [
            at_most("first webhook over TLS at 128 MB, of F1", first["ingress"] / first["F1"], 5),
            at_most("the same, of F2", first["ingress"] / first["F2"], 0.01),
        ]
    return aims

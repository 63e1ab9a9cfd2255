"""The functions that are measured, each with the event it is given."""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

from . import build, paths, payload, stub

ADMIN_TOKEN = "bench-admin-token"


@dataclass
class Subject:
    """One function, its event and what its answer must hold."""

    name: str
    binary: Path
    event: str
    good: str
    environment: dict[str, str] = field(default_factory=dict)
    warm: int = 100
    """How many events follow the first."""
    batch: int = 1
    """How many webhooks each event is about."""

    def run(self, invocations: int, **more: object) -> dict:
        """One life of the function; a wrong first answer is an error, so that no refusal is ever measured."""
        environment = {**self.environment, **more.pop("environment", {})}
        wrapper = more.pop("wrapper", [])
        command = [*wrapper, str(self.binary)]
        report = stub.life(stub.Run(command, self.event, invocations, environment, **more))
        if invocations and self.good not in report["first_answer"]:
            raise RuntimeError(f"{self.name} answered {report['first_answer'][:500]}")
        return report

    def calls(self, invocations: int) -> list[dict]:
        """The AWS requests of one life."""
        capture = paths.work("stub") / f"{self.name}-calls.jsonl"
        self.run(invocations, capture=capture)
        return [json.loads(line) for line in capture.read_text().splitlines()]


def floors() -> list[Subject]:
    """F1 and F2, on the webhook that ingress gets."""
    event = payload.webhook_event()
    return [
        Subject("F1", build.floor("echo"), event, '"statusCode":200'),
        Subject("F2", build.floor("sdk"), event, '"statusCode":200'),
    ]


def ingress() -> Subject:
    """Ingress, given a signed push."""
    return Subject("ingress", build.function("ingress"), payload.webhook_event(), '"statusCode":200')


def product() -> list[Subject]:
    """The functions of the product: each worker gets what the one before it put on its queue."""
    first = ingress()
    inbox = sent(first.calls(1), "inbox")
    alone = worker("router", "inbox", [inbox])
    work = sent(alone.calls(1), "telegram.fifo")
    return [first, alone, worker("telegram", "telegram.fifo", [work]), api()]


def in_batches(count: int) -> list[Subject]:
    """The workers, each given so many messages at once: all of one hook, so all for one chat."""
    inbox = payload.copies(sent(ingress().calls(1), "inbox"), count)
    router = worker("router", "inbox", inbox)
    work = payload.copies(sent(router.calls(1), "telegram.fifo"), count)
    return [router, worker("telegram", "telegram.fifo", work)]


def worker(name: str, queue: str, messages: list[str]) -> Subject:
    """A function that works off a queue, given these messages at once."""
    event = payload.queue_event(queue, messages)
    # Telegram takes 30 messages a second from a bot, and the worker keeps to that.
    warm = 20 if name == "telegram" else 100
    good = '"batchItemFailures":[]'
    return Subject(name, build.function(name), event, good, warm=warm // len(messages) or 1, batch=len(messages))


def api() -> Subject:
    """The management API, asked for its hooks."""
    fields = {"accept": "application/json", "authorization": f"Bearer {ADMIN_TOKEN}"}
    event = payload.text(payload.gateway_event("GET", "/api/hooks", fields, None, "ANY /api/hooks"))
    digest = hashlib.sha256(ADMIN_TOKEN.encode()).hexdigest()
    environment = {"BELLHOP_ADMIN_TOKEN_SHA256": digest}
    return Subject("api", build.function("api"), event, '"statusCode":200', environment)


def sent(calls: list[dict], queue: str) -> str:
    """The first message that these requests put on a queue."""
    for call in calls:
        body = json.loads(call["body"]) if call["operation"].startswith("AmazonSQS.SendMessage") else {}
        if body.get("QueueUrl", "").endswith(queue):
            entry = body.get("Entries", [body])[0]
            return entry["MessageBody"]
    raise RuntimeError(f"nothing was put on {queue}")

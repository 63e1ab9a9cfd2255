"""What AWS would bill for one webhook, counted from the requests that the stand-ins saw."""

import base64
import json
import math
from collections import Counter

from .subjects import Subject

PRICE_PER_MILLION = {
    "HTTP API requests": 1.00,
    "invocations": 0.20,
    "SQS requests": 0.40,
    "SQS FIFO requests": 0.50,
    "DynamoDB write units": 0.625,
    "DynamoDB read units": 0.125,
    "S3 writes": 5.00,
    "S3 reads": 0.40,
    "SSM requests": 0.0,
}
"""Dollars, on demand, us-east-1; SSM standard parameters are free."""


def per_webhook(subject: Subject) -> dict[str, float]:
    """The units of one more event when warm."""
    total: Counter[str] = Counter()
    for call in subject.calls(1 + subject.warm):
        if call["after_events"] > 1:
            total.update(units(call))
    webhooks = subject.warm * subject.batch
    return {name: round(count / webhooks, 2) for name, count in sorted(total.items())}


def at_start(subject: Subject) -> dict[str, float]:
    """The units before the first event."""
    total: Counter[str] = Counter()
    for call in subject.calls(0):
        total.update(units(call))
    return dict(sorted(total.items()))


def units(call: dict) -> dict[str, float]:
    """The units of one request."""
    service, _, operation = call["operation"].partition(".")
    if service == "AmazonSQS":
        return queue(operation, call["body"])
    if service.startswith("DynamoDB"):
        return table(operation, json.loads(call["body"]), call["bytes_out"])
    if service == "AmazonSSM":
        return {"SSM requests": 1}
    method, _, path = call["operation"].partition(" ")
    if path.startswith("/bench/"):
        return {"S3 reads" if method in ("GET", "HEAD") else "S3 writes": 1}
    return {}


def queue(operation: str, body: str) -> dict[str, float]:
    """SQS bills each request, and each 64 KB of it."""
    fields = json.loads(body)
    entries = fields.get("Entries", [fields])
    size = sum(len(entry.get("MessageBody", "").encode()) for entry in entries)
    fifo = fields.get("QueueUrl", "").endswith(".fifo")
    return {"SQS FIFO requests" if fifo else "SQS requests": pieces(size)}


def pieces(size: int) -> int:
    """How many requests a request of this size is billed as."""
    return max(1, math.ceil(size / 65_536))


def table(operation: str, body: dict, bytes_out: int) -> dict[str, float]:
    """DynamoDB bills each KB written and each 4 KB read, twice in a transaction, half where reading may lag."""
    if operation == "TransactWriteItems":
        return {"DynamoDB write units": 2 * sum(write(list(item.values())[0]) for item in body["TransactItems"])}
    if operation == "BatchWriteItem":
        requests = [list(item.values())[0] for items in body["RequestItems"].values() for item in items]
        return {"DynamoDB write units": sum(write(request) for request in requests)}
    if operation in ("PutItem", "UpdateItem", "DeleteItem"):
        return {"DynamoDB write units": write(body)}
    factor = {"TransactGetItems": 2.0}.get(operation, 1.0 if body.get("ConsistentRead") else 0.5)
    return {"DynamoDB read units": factor * max(1, math.ceil(bytes_out / 4_096))}


def write(fields: dict) -> int:
    """The KB of one item; of an update we see only the key and the new values."""
    item = fields.get("Item") or {**fields.get("Key", {}), **fields.get("ExpressionAttributeValues", {})}
    size = sum(len(name.encode()) + weight(value) for name, value in item.items())
    return max(1, math.ceil(size / 1_024))


def weight(value: dict) -> int:
    """The size of one attribute's value, by the table's own rules."""
    kind, content = next(iter(value.items()))
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return len(content) // 2 + 1
    if kind == "B":
        return len(base64.b64decode(content))
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + weight(inner) for name, inner in content.items())
    if kind == "L":
        return 3 + sum(1 + weight(inner) for inner in content)
    if kind in ("SS", "NS", "BS"):
        return sum(len(entry.encode()) for entry in content)
    return 1


def price(counted: dict[str, float]) -> float:
    """Dollars for a million times these units."""
    return sum(PRICE_PER_MILLION[name] * count for name, count in counted.items())

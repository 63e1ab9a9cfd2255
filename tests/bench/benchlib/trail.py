"""Counts what a deployed stack on MiniStack asks of AWS, from the trail that MiniStack keeps of all calls."""

import json
import urllib.request
from collections import Counter

from . import units

TARGETS = {"dynamodb.amazonaws.com": "DynamoDB_20120810", "sqs.amazonaws.com": "AmazonSQS"}


def keep(endpoint: str, kept: bool) -> None:
    """Has MiniStack keep the trail, or not."""
    body = json.dumps({"cloudtrail._recording_enabled": kept}).encode()
    with urllib.request.urlopen(f"{endpoint}/_ministack/config", body, timeout=10) as answer:
        answer.read()


def counted(events: list[dict]) -> dict[str, float]:
    """The units of these calls; what an answer held is not known, so each read is taken for a small one."""
    total: Counter[str] = Counter()
    for event in events:
        target = TARGETS.get(event["EventSource"])
        if target:
            body = json.loads(event["CloudTrailEvent"])["requestParameters"]
            call = {"operation": f"{target}.{event['EventName']}", "body": json.dumps(body), "bytes_out": 0}
            total.update(units.units(call))
    return dict(total)


def show(total: dict[str, float]) -> str:
    """The units as a table, with their price."""
    price = units.PRICE_PER_MILLION
    rows = [f"{name:<24}{count:>6} {count * price[name]:>8.2f}" for name, count in sorted(total.items())]
    return "\n".join([f"{'calls of the functions':<24}{'units':>6} {'$/M':>8}", *rows])


def show_all(client) -> None:
    """Prints the units of every call on the trail: as a table for people, then in one line of JSON for a test."""
    total = counted(client.lookup_events(MaxResults=50)["Events"])
    print(show(total))
    print(json.dumps(total))

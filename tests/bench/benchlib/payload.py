"""A GitHub push of any size, made here, and the events that carry it."""

import hashlib
import hmac
import json
import re

SECRET = "bench-secret-of-32-characters-ok"
WEBHOOK_BYTES = 7_653
"""The size of the push that every function is measured with."""


def push(size: int) -> str:
    """A push of exactly so many bytes: commits until it is nearly full, then a long message."""
    body = {
        "ref": "refs/heads/main",
        "before": "0" * 40,
        "after": "f" * 40,
        "created": False,
        "deleted": False,
        "forced": False,
        "compare": "https://github.com/octo/bench/compare/000000000000...ffffffffffff",
        "repository": {
            "id": 186853002,
            "name": "bench",
            "full_name": "octo/bench",
            "private": False,
            "html_url": "https://github.com/octo/bench",
            "default_branch": "main",
            "owner": {"login": "octo", "id": 21031067, "type": "Organization"},
        },
        "pusher": {"name": "octo", "email": "octo@example.com"},
        "sender": {"login": "octo", "id": 21031067, "type": "User", "site_admin": False},
        "head_commit": commit(0),
        "commits": [],
        "note": "",
    }
    while len(text(body)) + len(text(commit(0))) + 1 < size:
        body["commits"].append(commit(len(body["commits"])))
    body["note"] = "x" * (size - len(text(body)))
    return text(body)


def commit(number: int) -> dict:
    """One commit."""
    return {
        "id": hashlib.sha1(str(number).encode()).hexdigest(),
        "distinct": True,
        "message": f'Handle the "{number:03}" case\n\nIt was refused before.',
        "timestamp": "2026-11-21T08:00:00+01:00",
        "url": f"https://github.com/octo/bench/commit/{number:03}",
        "author": {"name": "Octo", "email": "octo@example.com", "username": "octo"},
        "added": [f"src/case_{number:03}.rs"],
        "removed": [],
        "modified": ["README.md", "src/lib.rs"],
    }


def text(value: object) -> str:
    """JSON without spaces, as GitHub sends it."""
    return json.dumps(value, separators=(",", ":"))


def signature(body: str) -> str:
    """GitHub's signature header."""
    return "sha256=" + hmac.new(SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()


def headers(body: str, delivery: str) -> dict[str, str]:
    """The headers that GitHub sends."""
    return {
        "accept": "*/*",
        "content-length": str(len(body)),
        "content-type": "application/json",
        "user-agent": "GitHub-Hookshot/bench",
        "x-github-delivery": delivery,
        "x-github-event": "push",
        "x-github-hook-id": "292430182",
        "x-github-hook-installation-target-id": "186853002",
        "x-github-hook-installation-target-type": "repository",
        "x-hub-signature-256": signature(body),
    }


def gateway_event(method: str, path: str, fields: dict[str, str], body: str | None, route: str) -> dict:
    """An API Gateway event of payload format 2.0."""
    host = "bench.execute-api.us-east-1.amazonaws.com"
    event = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": {
            **fields,
            "host": host,
            "x-amzn-trace-id": "Root=1-5759e988-bd862e3fe1be46a994272793",
            "x-forwarded-for": "192.0.2.10",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "bench",
            "domainName": host,
            "domainPrefix": "bench",
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.10",
                "userAgent": "GitHub-Hookshot/bench",
            },
            "requestId": "{{delivery}}",
            "routeKey": route,
            "stage": "$default",
            "time": "21/Nov/2026:07:00:00 +0000",
            "timeEpoch": 1795244400000,
        },
        "isBase64Encoded": False,
    }
    if body is not None:
        event["body"] = body
    return event


def webhook_event() -> str:
    """The event of one signed push."""
    body = push(WEBHOOK_BYTES)
    fields = headers(body, "{{delivery}}")
    return text(gateway_event("POST", "/webhook/github", fields, body, "ANY /webhook/{proxy+}"))


def queue_event(queue: str, messages: list[str]) -> str:
    """The event of a batch of messages that SQS hands to a function."""
    return text({"Records": [record(queue, message, number) for number, message in enumerate(messages)]})


def record(queue: str, message: str, number: int) -> dict:
    """One message of a batch."""
    return {
        "messageId": f"{{{{delivery}}}}-{number}",
        "receiptHandle": "AQEBwJnKyrHigUMZj6rYigCgxlaS3SLy0a",
        "body": message,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": "1795244400000",
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": "1795244400001",
            "MessageGroupId": "bench",
            "MessageDeduplicationId": "{{delivery}}",
            "SequenceNumber": "18849496460467696128",
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(message.encode()).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
        "awsRegion": "us-east-1",
    }


def copies(message: str, count: int) -> list[str]:
    """A message, and the same of other events: the end of the event's id, the first of version 7 in it, is counted up."""
    event = re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", message).group()
    return [message.replace(event, f"{event[:-4]}{number:04x}") for number in range(count)]

"""What the stand-ins for AWS and the Bot API answer: the first entry that fits a request."""

import base64
import json
from pathlib import Path

from . import payload

CREATED_MS = 1_795_244_400_000
HOOK = "hk_bench"
PREFIX = "/bellhop/bench"

SETTINGS = {
    "public_url": None,
    "retention_days": 90,
    "rate_per_minute": 1_000_000_000,
    "telegram_token": "stored:telegram",
    # The stub puts its own address here.
    "telegram_api_base": "{{endpoint}}",
}

BENCH_HOOK = {
    "id": HOOK,
    "name": "bench",
    "path": "github",
    "sender": "github",
    "secrets": ["stored:hook"],
    "rate_per_minute": 1_000_000_000,
    "max_body_bytes": 4_194_304,
    "actions": [{"kind": "telegram", "chat": "1"}],
    "status": "active",
    "origin": "file",
    "created_at": CREATED_MS,
    "updated_at": CREATED_MS,
}


def row(partition: str, sort: str, document: dict) -> dict:
    """A row of the table, as DynamoDB writes it."""
    return {"pk": {"S": partition}, "sk": {"S": sort}, "doc": {"S": json.dumps(document)}}


def turn(partition: str) -> dict:
    """The row of a turn long ago at a destination that keeps a pace: its first byte says that it is not compressed."""
    known = {"pace": {"scope": "chat", "sent": [CREATED_MS], "blocked_until": 0}, "breaker": {}}
    return {
        "pk": {"S": partition},
        "sk": {"S": "01900000-0000-7000-8000-000000000000"},
        "known": {"B": base64.b64encode(b"\0" + json.dumps(known).encode()).decode()},
        "expires_at": {"N": "9000000000"},
    }


def parameter(name: str, value: str) -> dict:
    """A parameter of SSM."""
    return {"Name": f"{PREFIX}/secrets/{name}", "Type": "SecureString", "Value": value, "Version": 1}


def answers() -> list[dict]:
    """The answers; what is not named gets an empty object."""
    settings = row("HOOKS", "#SETTINGS", SETTINGS)
    hooks = [settings, row("HOOKS", HOOK, BENCH_HOOK)]
    secrets = [parameter("hook", payload.SECRET), parameter("telegram", "1:bench-token")]
    sent = {"MessageId": "5fea7756-0ea4-451a-a703-a558b933e274", "MD5OfMessageBody": "fafb00f5732ab283681e124bf8747ed1"}
    return [
        answer("AmazonSQS.SendMessageBatch", {"Successful": [{"Id": "0", **sent}], "Failed": []}),
        answer("AmazonSQS.SendMessage", sent),
        answer("AmazonSSM.GetParameters", {"Parameters": secrets, "InvalidParameters": []}),
        answer("DynamoDB_20120810.Query", {"Items": [turn("TASK#telegram:1")], "Count": 1, "ScannedCount": 1}, contains="TASK#telegram:1"),
        answer("DynamoDB_20120810.Query", {"Items": hooks, "Count": len(hooks), "ScannedCount": len(hooks)}),
        answer("DynamoDB_20120810.GetItem", {"Item": settings}, contains="#SETTINGS"),
        answer("POST /bot", {"ok": True, "result": {"message_id": 1, "date": 1, "chat": {"id": 1, "type": "private"}}}),
    ]


def answer(operation: str, body: dict, contains: str = "") -> dict:
    """One answer to the requests of an operation whose body contains a text."""
    return {"operation": operation, "contains": contains, "body": body}


def write(folder: Path) -> Path:
    """Writes the answers for the stub."""
    file = folder / "answers.json"
    file.write_text(json.dumps(answers()))
    return file

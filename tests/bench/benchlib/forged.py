"""The worst that a stranger can send to each family of senders: large bodies, written to be slow to read, with a proof
that looks right until it is computed."""

import base64
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

MOST_BYTES = 4 * 1024 * 1024

SECRET = "bench-secret-of-32-characters-ok"
CURVE_POINT = (
    "046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
)
"""The base point of P-256, which is a public key like any other."""
EDWARDS_POINT = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
"""The public key of the first test of RFC 8032."""


@dataclass
class Family:
    """One family: a sender of it, its hook's secret, and what is posted there."""

    name: str
    sender: str
    secret: str
    headers: Callable[[], dict[str, str]]
    body: bytes

    @property
    def path(self) -> str:
        """The path of its hook."""
        return "forged-" + re.sub(r"\W+", "-", self.name.lower())


def filled(before: bytes, unit: bytes, after: bytes = b"", most: int = MOST_BYTES) -> bytes:
    """A body of nearly so many bytes: a unit again and again between two ends."""
    return before + unit * ((most - len(before) - len(after)) // len(unit)) + after


def der(tag: int, content: bytes) -> bytes:
    """A value in DER."""
    size = len(content)
    length = bytes([size]) if size < 128 else (b"\x81" + bytes([size]) if size < 256 else b"\x82" + size.to_bytes(2, "big"))
    return bytes([tag]) + length + content


def rsa_key() -> str:
    """A public key of 2,048 bits of which nobody knows the factors."""
    modulus = (int.from_bytes(b"\xc5" + bytes(range(1, 256)), "big") | 1).to_bytes(257, "big")
    key = der(0x30, der(0x02, modulus) + der(0x02, b"\x01\x00\x01"))
    algorithm = bytes.fromhex("300d06092a864886f70d0101010500")
    lines = base64.encodebytes(der(0x30, algorithm + der(0x03, b"\x00" + key))).decode()
    return f"-----BEGIN PUBLIC KEY-----\n{lines}-----END PUBLIC KEY-----\n"


def curve_key() -> str:
    """A public key on P-256."""
    algorithm = bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107")
    return base64.b64encode(der(0x30, algorithm + der(0x03, b"\x00" + bytes.fromhex(CURVE_POINT)))).decode()


def now() -> str:
    """Unix seconds."""
    return str(int(time.time()))


def moment() -> str:
    """The time as SNS and others write it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def token() -> str:
    """A JSON Web Token that is signed with nothing."""
    part = lambda value: base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
    claims = {"iss": "MessageBird", "nbf": int(time.time()), "exp": int(time.time()) + 300, "iat": int(time.time()), "jti": "1"}
    signature = base64.urlsafe_b64encode(bytes(32)).decode().rstrip("=")
    return f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(claims)}.{signature}"


def all_families() -> list[Family]:
    """Every family, with its worst body; some have several that are bad in other ways."""
    zeros = base64.b64encode(bytes(256)).decode()
    small = base64.b64encode(der(0x30, der(0x02, b"\x30\x39") * 2)).decode()
    nothing = lambda: {}
    sns = json.dumps({
        "Type": "Notification", "MessageId": "1", "TopicArn": "arn:aws:sns:eu-west-1:123456789012:bench",
        "Message": "x", "Timestamp": moment(), "SignatureVersion": "2", "Signature": zeros,
        "SigningCertURL": "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0.pem",
    }).encode()  # fmt: skip
    paypal = lambda: {
        "paypal-transmission-sig": zeros, "paypal-transmission-id": "1", "paypal-transmission-time": moment(),
        "paypal-auth-algo": "SHA256withRSA",
        "paypal-cert-url": f"https://api.paypal.com/v1/notifications/certs/CERT-{os.urandom(4).hex()}",
    }  # fmt: skip
    json_type, form_type = {"content-type": "application/json"}, {"content-type": "application/x-www-form-urlencoded"}
    return [
        Family("keyed hash", "github", SECRET, lambda: {"x-hub-signature-256": "sha256=" + "0" * 64}, filled(b"", b"[")),
        Family("keyed hash with a time", "stripe", SECRET, lambda: {"stripe-signature": f"t={now()},v1={'0' * 64}"}, filled(b"", b"{")),
        Family("token in a header", "gitlab", SECRET, lambda: {"x-gitlab-token": "wrong"}, filled(b"", b"[")),
        Family("token in a JSON field", "microsoft-graph", SECRET, nothing, filled(b"[", b'{"":0},', b"0]")),
        Family("token in one of many fields", "microsoft-graph", SECRET, nothing, filled(b'{"value":[', b'{"clientState":"x"},', b"0]}")),
        Family("token in a field, deep", "figma", SECRET, nothing, filled(b"", b'{"a":[')),
        Family("token in a field, escaped", "lark", SECRET, nothing, filled(b'{"token":"', rb"\u0061", b'"}')),
        Family("form, short fields", "twilio", SECRET, lambda: form_type | {"x-twilio-signature": "A" * 27 + "="}, filled(b"", b"a&")),
        Family("form, escaped", "mandrill", SECRET, lambda: form_type | {"x-mandrill-signature": "A" * 27 + "="}, filled(b"a=", b"%41")),
        Family("JSON in a form", "dropbox-sign", SECRET, lambda: form_type, filled(b"json=", b"%5B")),
        Family("RSA, fetched certificate, body", "aws-sns", "arn:aws:sns:eu-west-1:123456789012:bench", lambda: json_type, filled(sns[:-1] + b',"x":[', b"0,", b"0]}")),
        Family("RSA, fetched certificate, header", "paypal", "bench-webhook-id", paypal, filled(b"", b"[")),
        Family("RSA, form", "travis", "octo/bench", lambda: form_type | {"signature": zeros}, filled(b"payload=", b"%7B")),
        Family("RSA, long body", "kick", rsa_key(), lambda: {"kick-event-signature": zeros, "kick-event-message-id": "1", "kick-event-message-timestamp": moment()}, filled(b"", b"[")),
        Family("RSA, short body", "kick", rsa_key(), lambda: {"kick-event-signature": zeros, "kick-event-message-id": "1", "kick-event-message-timestamp": moment()}, b"{}"),
        Family("ECDSA", "sendgrid", curve_key(), lambda: {"x-twilio-email-event-webhook-signature": small, "x-twilio-email-event-webhook-timestamp": now()}, b"[]"),
        Family("Ed25519", "discord", EDWARDS_POINT, lambda: {"x-signature-ed25519": EDWARDS_POINT + "01" + "00" * 31, "x-signature-timestamp": now()}, b"{}"),
        Family("Ed25519, long body", "discord", EDWARDS_POINT, lambda: {"x-signature-ed25519": EDWARDS_POINT + "01" + "00" * 31, "x-signature-timestamp": now()}, filled(b"", b"[")),
        Family("JSON Web Token", "messagebird", SECRET, lambda: {"messagebird-signature-jwt": token()}, filled(b"", b"[")),
        Family("App Store", "app-store", "com.example.bench", lambda: json_type, filled(b'{"signedPayload":"', b"e", b'"}')),
    ]  # fmt: skip


def configuration(families: list[Family]) -> str:
    """Hooks for all of them, and the one that is measured."""
    measured = hook("bench", "github", "github", "BENCH_SECRET", 'deduplicate = "id"   # one body is posted again and again')
    hooks = [measured]
    hooks += [hook(f.path, f.path, f.sender, variable(at)) for at, f in enumerate(families)]
    return 'public_url = "https://hooks.example.com"\n\n[limits]\nrate_per_minute = 1000000000\n' + "".join(hooks)


def variable(at: int) -> str:
    """The environment's variable with a family's secret."""
    return f"BENCH_FORGED_{at}"


def hook(name: str, path: str, sender: str, secret: str, extra: str = "") -> str:
    """One hook."""
    return f"""
[[hooks]]
name = "{name}"
path = "{path}"
sender = "{sender}"
secrets = ["env:{secret}"]
rate_per_minute = 1000000000
{extra}

  [[hooks.actions]]
  kind = "telegram"
  chat = "1"
"""


def request(family: Family, folder: Path) -> Path:
    """Writes a family's request as it goes over the wire."""
    fields = {"host": "127.0.0.1", "content-length": str(len(family.body)), **family.headers()}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    file = folder / f"{family.path}.request"
    file.write_bytes(f"POST /webhook/{family.path} HTTP/1.1\r\n{head}\r\n".encode() + family.body)
    return file

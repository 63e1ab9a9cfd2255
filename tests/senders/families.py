"""The families of proofs that rest on a shared secret, and what the references of all families use."""

import base64
import binascii
import hashlib
import hmac
import json
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from email.utils import formatdate, parsedate_to_datetime
from typing import Any, Callable
from urllib.parse import parse_qs, urlsplit

from request import Refused, Request


def equal(given: Any, expected: str):
    """Refuses what is not as expected."""
    if not isinstance(given, str) or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refused("another signature")


def fresh(request: Request, signed_at: float, window: float | None):
    """Refuses what was signed too long before or after; a documentation that names no window takes any moment."""
    if window is not None and abs(request.at - signed_at) > window:
        raise Refused("another time")


def base64_text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def iso8601(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


@dataclass
class Mac:
    """A keyed hash in a header of its own."""

    header: str
    digest: str = "sha256"
    write: Callable[[bytes], str] = bytes.hex
    before: str = ""
    key: Callable[[str], bytes] = str.encode
    content: Callable[[Request], bytes] = lambda request: request.body

    def value(self, request):
        return self.before + self.write(hmac.digest(self.key(request.secret), self.content(request), self.digest))

    def sign(self, request):
        request.headers[self.header] = self.value(request)

    def check(self, request):
        equal(request.header(self.header), self.value(request))


@dataclass
class AnyHeader(Mac):
    """A keyed hash in one of several headers, or in several of them, one for each of the sender's keys."""

    others: tuple[str, ...] = ()
    sometimes: str = ""  # what may stand before it

    def check(self, request):
        given = [request.headers[name] for name in (self.header, *self.others) if request.headers.get(name)]
        if not given:
            raise Refused(f"no {self.header}")
        if self.value(request) not in [one.removeprefix(self.sometimes) for one in given]:
            raise Refused("another signature")


class Mollie(Mac):
    """A keyed hash for each secret that counts, each in a line of its own or after a comma, its prefix not needed."""

    def check(self, request):
        values = [value.strip().removeprefix(self.before) for value in request.header(self.header).split(",")]
        if self.value(request).removeprefix(self.before) not in values:
            raise Refused("another signature")


class Digest(Mac):
    """A plain hash over the secret and the body."""

    def value(self, request):
        return hashlib.new(self.digest, self.key(request.secret) + self.content(request)).hexdigest()


class UpperHex(Mac):
    """A keyed hash in capital letters, which may be small ones too."""

    def sign(self, request):
        request.headers[self.header] = self.before + self.value(request).removeprefix(self.before).upper()

    def check(self, request):
        given = request.header(self.header)
        if not given.startswith(self.before):
            raise Refused("another prefix")
        equal(given.lower(), self.value(request))


@dataclass
class Stamped(Mac):
    """A keyed hash over a moment and the body, the moment in a header of its own."""

    time: str = ""
    start: str = ""
    between: str = "."
    body_first: bool = False
    stamp: Callable[[int], str] = str
    moment: Callable[[str], float] = float
    window: float | None = None

    def __post_init__(self):
        if self.body_first:
            self.content = lambda r: r.body + f"{self.between}{r.header(self.time)}".encode()
        else:
            self.content = lambda r: f"{self.start}{r.header(self.time)}{self.between}".encode() + r.body

    def sign(self, request):
        request.headers[self.time] = self.stamp(request.at)
        super().sign(request)

    def check(self, request):
        super().check(request)
        if self.window is not None:
            fresh(request, self.moment(request.header(self.time)), self.window)


class Sinch(Stamped):
    """The same with the body first, and a text between that is never used twice."""

    NONCE = "x-sinch-webhook-signature-nonce"

    def __post_init__(self):
        self.content = lambda r: r.body + f".{r.header(self.NONCE)}.{r.header(self.time)}".encode()

    def sign(self, request):
        request.headers[self.NONCE] = request.id
        super().sign(request)


@dataclass
class Pairs:
    """A moment and a keyed hash over it and the body, as pairs in one header."""

    header: str
    time: str = "t"
    signature: str = "v1"
    unit: int = 1
    write: Callable[[bytes], str] = bytes.hex
    key: Callable[[str], bytes] = str.encode
    content: Callable[[str, bytes], bytes] = lambda moment, body: f"{moment}.".encode() + body
    window: float | None = None

    def value(self, request, moment):
        content = self.content(moment, request.body)
        return self.write(hmac.digest(self.key(request.secret), content, "sha256"))

    def sign(self, request):
        moment = str(request.at * self.unit)
        request.headers[self.header] = f"{self.time}={moment},{self.signature}={self.value(request, moment)}"

    def check(self, request):
        pairs = (pair.strip().split("=", 1) for pair in request.header(self.header).split(",") if "=" in pair)
        pairs = dict(pairs)
        moment = pairs.get(self.time, "")
        equal(pairs.get(self.signature, ""), self.value(request, moment))
        fresh(request, int(moment) / self.unit, self.window)


class PairsInSets(Pairs):
    """The same with several sets of pairs while the secret changes, a space between them."""

    def check(self, request):
        causes = []
        for one in request.header(self.header).split(" "):
            try:
                return super().check(replace(request, headers={self.header: one}))
            except (Refused, ValueError) as cause:
                causes.append(cause)
        raise causes[-1]


class BodyFirst(Pairs):
    """The same with the pairs the other way round, and the moment after the body."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, content=lambda moment, body: body + moment.encode(), **options)

    def sign(self, request):
        super().sign(request)
        request.headers[self.header] = ", ".join(reversed(request.headers[self.header].split(",")))


@dataclass
class Standard:
    """Standard Webhooks: a keyed hash over the id, the moment and the body, each in a header of its own."""

    key: Callable[[str], bytes] = lambda secret: base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    window: float | None = None

    def value(self, request):
        parts = [request.header("webhook-id").encode(), request.header("webhook-timestamp").encode(), request.body]
        return base64_text(hmac.digest(self.key(request.secret), b".".join(parts), "sha256"))

    def sign(self, request):
        request.headers |= {"webhook-id": request.id, "webhook-timestamp": str(request.at)}
        request.headers["webhook-signature"] = "v1," + self.value(request)

    def check(self, request):
        signatures = (one.partition(",") for one in request.header("webhook-signature").split(" "))
        equal("".join(text for version, _, text in signatures if version == "v1"), self.value(request))
        fresh(request, int(request.header("webhook-timestamp")), self.window)


@dataclass
class Token:
    """The secret itself in a header."""

    header: str
    before: str = ""

    def sign(self, request):
        request.headers[self.header] = self.before + request.secret

    def check(self, request):
        equal(request.header(self.header), self.before + request.secret)


class Basic:
    """A user name and a password, as RFC 7617 writes them."""

    def sign(self, request):
        request.headers["authorization"] = "Basic " + base64_text(request.secret.encode())

    def check(self, request):
        kind, _, given = request.header("authorization").partition(" ")
        if kind.lower() != "basic":
            raise Refused("not basic")
        try:
            equal(base64.b64decode(given, validate=True).decode(), request.secret)
        except (binascii.Error, UnicodeDecodeError) as error:
            raise Refused("not base64") from error


@dataclass
class Query:
    """The secret itself in a parameter of the URL."""

    name: str

    def sign(self, request):
        request.url += f"{'&' if '?' in request.url else '?'}{self.name}={request.secret}"

    def check(self, request):
        equal("".join(parse_qs(urlsplit(request.url).query).get(self.name, [])), request.secret)


class GraphClientState:
    """The secret itself in every notification of the body."""

    def sign(self, request):
        body = json.loads(request.body)
        body["value"] = [{"changeType": change, "clientState": request.secret} for change in ["created", "deleted"]]
        request.body = json.dumps(body).encode()

    def check(self, request):
        notifications = json.loads(request.body)["value"]
        if not notifications:
            raise Refused("no notification")
        for notification in notifications:
            equal(notification.get("clientState", ""), request.secret)


class Adyen:
    """A keyed hash over eight fields of each item, in the item itself; the key is hexadecimal."""

    FIELDS = ["pspReference", "originalReference", "merchantAccountCode", "merchantReference"]

    def items(self, body: Any):
        return [item["NotificationRequestItem"] for item in body["notificationItems"]]

    def value(self, request, item):
        amount = item.get("amount", {})
        fields = [item.get(name, "") for name in self.FIELDS]
        fields += [amount.get("value", ""), amount.get("currency", "")]
        fields += [item.get("eventCode", ""), item.get("success", "")]
        return base64_text(hmac.digest(bytes.fromhex(request.secret), ":".join(map(str, fields)).encode(), "sha256"))

    def sign(self, request):
        body = json.loads(request.body)
        for item in self.items(body):
            item.setdefault("additionalData", {})["hmacSignature"] = self.value(request, item)
        request.body = json.dumps(body).encode()

    def check(self, request):
        for item in self.items(json.loads(request.body)):
            equal(item.get("additionalData", {}).get("hmacSignature", ""), self.value(request, item))


class Drone:
    """The draft of HTTP signatures that Drone follows: the date and the digest of the body are signed."""

    def value(self, request):
        digest = "SHA-256=" + base64_text(hashlib.sha256(request.body).digest())
        content = f"date: {request.header('date')}\ndigest: {digest}"
        return base64_text(hmac.digest(request.secret.encode(), content.encode(), "sha256")), digest

    def sign(self, request):
        request.headers["date"] = formatdate(request.at, usegmt=True)
        signature, request.headers["digest"] = self.value(request)
        pairs = {"keyId": "hmac-key", "algorithm": "hmac-sha256", "signature": signature, "headers": "date digest"}
        request.headers["signature"] = ",".join(f'{name}="{value}"' for name, value in pairs.items())

    def check(self, request):
        pairs = dict(pair.split("=", 1) for pair in request.header("signature").split(",") if "=" in pair)
        equal(pairs.get("signature", "").strip('"'), self.value(request)[0])
        parsedate_to_datetime(request.header("date"))


def seconds(text: str) -> float:
    """The moment of an ISO 8601 text."""
    return datetime.fromisoformat(text).timestamp()


def milliseconds(seconds: int) -> str:
    return str(seconds * 1000)


def from_milliseconds(text: str) -> float:
    return int(text) / 1000


def http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)

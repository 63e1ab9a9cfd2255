"""Senders that sign with a key of their own, and JSON Web Tokens, written from the documentation and from nothing else.

The keys are made here, again in each run: two for each sender, so that there is one that nobody has vouched for.
"""

import base64
import hashlib
import hmac
import json
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from typing import Callable
from urllib.parse import parse_qs

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.hazmat.primitives.serialization import load_der_public_key, load_pem_public_key
from cryptography.x509.oid import NameOID

from families import base64_text, equal, fresh, iso8601, seconds
from request import Refused, Request

WHOLE = PublicFormat.SubjectPublicKeyInfo


@cache
def private_key(kind: str, name: str, spare: bool):
    """A sender's key, or the other one."""
    if kind == "rsa":
        return rsa.generate_private_key(65537, 2048)
    return ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()


def pem(key) -> str:
    return key.public_key().public_bytes(Encoding.PEM, WHOLE).decode()


def certificate(key, name: str) -> str:
    """A certificate that the key makes out to this name, as PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer = x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Amazon")])
    now = datetime.now(timezone.utc)
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=7)).not_valid_after(now + timedelta(days=7))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()


def verified(check: Callable, *arguments):
    """Refuses what does not verify."""
    try:
        check(*arguments)
    except InvalidSignature as error:
        raise Refused("another signature") from error


def decoded(text: str | None) -> bytes:
    """Strict base64."""
    if text is None:
        raise Refused("no base64")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Refused("not base64") from error


@dataclass
class Rsa:
    """A signature by PKCS #1 v1.5 in a header; its key is the hook's secret."""

    name: str
    header: str
    content: Callable[[Request], bytes]
    digest: hashes.HashAlgorithm = field(default_factory=hashes.SHA256)

    def key(self, request):
        return private_key("rsa", self.name, request.spare)

    def publish(self, request):
        """Puts the key where the verifier gets it from."""
        request.secret = pem(self.key(request))

    def public(self, request):
        return load_pem_public_key(request.secret.encode())

    def prepare(self, request):
        """Adds what is signed besides the body."""

    def sign(self, request):
        self.publish(request)
        self.prepare(request)
        signature = self.key(request).sign(self.content(request), padding.PKCS1v15(), self.digest)
        request.headers[self.header] = base64_text(signature)

    def check(self, request):
        signature = decoded(request.header(self.header))
        verified(self.public(request).verify, signature, self.content(request), padding.PKCS1v15(), self.digest)


class Kick(Rsa):
    def prepare(self, request):
        request.headers["kick-event-message-id"] = request.id
        request.headers["kick-event-message-timestamp"] = iso8601(request.at)


def kick_content(request):
    names = ["kick-event-message-id", "kick-event-message-timestamp"]
    return b".".join([*(request.header(name).encode() for name in names), request.body])


@dataclass
class PayPal(Rsa):
    """The key is in a certificate whose address a header names; the hook's secret is the webhook's id."""

    host: str = ""
    subject: str = ""

    def publish(self, request):
        request.secret = "WH-OCTO-2" if request.spare else "WH-OCTO-1"
        request.key = certificate(self.key(request), self.subject)

    def prepare(self, request):
        request.headers["paypal-transmission-id"] = request.id
        request.headers["paypal-transmission-time"] = iso8601(request.at)
        request.headers["paypal-auth-algo"] = "SHA256withRSA"
        request.headers["paypal-cert-url"] = f"https://{self.host}/v1/notifications/certs/CERT-octo-1"

    def check(self, request):
        super().check(request)
        fresh(request, seconds(request.header("paypal-transmission-time")), 300)

    def public(self, request):
        return x509.load_pem_x509_certificate(request.key.encode()).public_key()


def paypal_content(request):
    parts = [request.header("paypal-transmission-id"), request.header("paypal-transmission-time"), request.secret]
    return "|".join([*parts, str(zlib.crc32(request.body))]).encode()


class Travis(Rsa):
    """The body is a form; the key is in a JSON document, and the hook's secret is the repository."""

    def publish(self, request):
        key = pem(self.key(request))
        request.key = json.dumps({"config": {"notifications": {"webhook": {"public_key": key}}}})
        request.secret = "octo/other" if request.spare else "octo/hello"

    def prepare(self, request):
        request.headers["travis-repo-slug"] = "octo/hello"

    def public(self, request):
        config = json.loads(request.key)["config"]
        return load_pem_public_key(config["notifications"]["webhook"]["public_key"].encode())

    def check(self, request):
        super().check(request)
        repository = json.loads(travis_payload(request))["repository"]
        equal(f"{repository['owner_name']}/{repository['name']}", request.secret)


def travis_payload(request):
    return "".join(parse_qs(request.body.decode(), strict_parsing=True).get("payload", [])).encode()


class Sns:
    """The signature is in the body and covers some of its fields; the hook's secret is the topic."""

    FIELDS = {
        "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
        "SubscriptionConfirmation": ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"],
    }

    def content(self, body):
        names = [name for name in self.FIELDS[body["Type"]] if name in body]
        return "".join(f"{name}\n{body[name]}\n" for name in names).encode()

    def digest(self, body):
        return {"1": hashes.SHA1, "2": hashes.SHA256}[body["SignatureVersion"]]()

    def sign(self, request):
        key = private_key("rsa", "aws-sns", request.spare)
        body = json.loads(request.body)
        body |= {"Timestamp": iso8601(request.at).replace("Z", ".000Z"), "SignatureVersion": "2"}
        signature = key.sign(self.content(body), padding.PKCS1v15(), self.digest(body))
        request.body = json.dumps(body | {"Signature": base64_text(signature)}).encode()
        request.key = certificate(key, "sns.amazonaws.com")
        request.secret = body["TopicArn"] + ("-other" if request.spare else "")

    def check(self, request):
        body = json.loads(request.body)
        public = x509.load_pem_x509_certificate(request.key.encode()).public_key()
        verified(public.verify, decoded(body["Signature"]), self.content(body), padding.PKCS1v15(), self.digest(body))
        equal(body["TopicArn"], request.secret)
        fresh(request, seconds(body["Timestamp"]), 3600)


class Discord:
    def sign(self, request):
        key = private_key("ed25519", "discord", request.spare)
        request.secret = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()
        request.headers["x-signature-timestamp"] = str(request.at)
        request.headers["x-signature-ed25519"] = key.sign(str(request.at).encode() + request.body).hex()

    def check(self, request):
        public = ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(request.secret))
        content = request.header("x-signature-timestamp").encode() + request.body
        verified(public.verify, bytes.fromhex(request.header("x-signature-ed25519")), content)


class SendGrid:
    def sign(self, request):
        key = private_key("ec", "sendgrid", request.spare)
        request.secret = base64_text(key.public_key().public_bytes(Encoding.DER, WHOLE))
        signature = key.sign(str(request.at).encode() + request.body, ec.ECDSA(hashes.SHA256()))
        request.headers["x-twilio-email-event-webhook-timestamp"] = str(request.at)
        request.headers["x-twilio-email-event-webhook-signature"] = base64_text(signature)

    def check(self, request):
        public = load_der_public_key(decoded(request.secret))
        signature = decoded(request.header("x-twilio-email-event-webhook-signature"))
        content = request.header("x-twilio-email-event-webhook-timestamp").encode() + request.body
        verified(public.verify, signature, content, ec.ECDSA(hashes.SHA256()))


class Telnyx:
    def content(self, request):
        return request.header("telnyx-timestamp").encode() + b"|" + request.body

    def sign(self, request):
        key = private_key("ed25519", "telnyx", request.spare)
        request.secret = base64_text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        request.headers["telnyx-timestamp"] = str(request.at)
        request.headers["telnyx-signature-ed25519"] = base64_text(key.sign(self.content(request)))

    def check(self, request):
        public = ed25519.Ed25519PublicKey.from_public_bytes(decoded(request.secret))
        verified(public.verify, decoded(request.header("telnyx-signature-ed25519")), self.content(request))
        fresh(request, int(request.header("telnyx-timestamp")), 300)


@dataclass
class StandardPublic:
    """The signatures `v1a` of Standard Webhooks: Ed25519, the key as `whpk_` and base64."""

    prefix: str

    def content(self, request):
        names = [f"{self.prefix}-id", f"{self.prefix}-timestamp"]
        return b".".join([*(request.header(name).encode() for name in names), request.body])

    def sign(self, request):
        key = private_key("ed25519", self.prefix, request.spare)
        request.secret = "whpk_" + base64_text(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        request.headers |= {f"{self.prefix}-id": request.id, f"{self.prefix}-timestamp": str(request.at)}
        request.headers[f"{self.prefix}-signature"] = "v1a," + base64_text(key.sign(self.content(request)))

    def check(self, request):
        public = ed25519.Ed25519PublicKey.from_public_bytes(decoded(request.secret.removeprefix("whpk_")))
        version, _, signature = request.header(f"{self.prefix}-signature").partition(",")
        if version != "v1a":
            raise Refused("another version")
        verified(public.verify, decoded(signature), self.content(request))
        fresh(request, int(request.header(f"{self.prefix}-timestamp")), 300)


def part(value) -> str:
    """One part of a token: RFC 7515."""
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unpart(text: str) -> bytes:
    """What a part of a token says."""
    if set(text) & set("+/="):
        raise Refused("not base64url")
    return decoded(text.translate(str.maketrans("-_", "+/")) + "=" * (-len(text) % 4))


@dataclass
class Hs256:
    """A token signed with the shared secret, with the hash of the body in a claim."""

    header: str
    claim: str
    write: Callable[[bytes], str]
    claims: dict

    def signature(self, request, text):
        return part(hmac.digest(request.secret.encode(), text.encode(), "sha256"))

    def body_hash(self, request):
        return self.write(hashlib.sha256(request.body).digest())

    def sign(self, request):
        text = f"{part({'alg': 'HS256'})}.{part(self.claims | {self.claim: self.body_hash(request)})}"
        request.headers[self.header] = f"{text}.{self.signature(request, text)}"

    def check(self, request):
        text, _, signature = request.header(self.header).rpartition(".")
        equal(signature, self.signature(request, text))
        head, claims = (json.loads(unpart(piece)) for piece in text.split("."))
        equal(head["alg"], "HS256")
        equal(claims[self.claim], self.body_hash(request))
        for name, value in self.claims.items():
            equal(claims[name], value)


class TokenByPublicKey(Hs256):
    """The same signed with an RSA key, whose public half is the hook's secret."""

    def sign(self, request):
        key = private_key("rsa", self.header, request.spare)
        request.secret = pem(key)
        head = {"alg": "RS256", "typ": "JWT", "kid": "octo-1"}
        text = f"{part(head)}.{part(self.claims | {self.claim: self.body_hash(request)})}"
        signature = key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        request.headers[self.header] = f"{text}.{part(signature)}"

    def check(self, request):
        text, _, signature = request.header(self.header).rpartition(".")
        public = load_pem_public_key(request.secret.encode())
        verified(public.verify, unpart(signature), text.encode(), padding.PKCS1v15(), hashes.SHA256())
        head, claims = (json.loads(unpart(piece)) for piece in text.split("."))
        equal(head["alg"], "RS256")
        equal(claims[self.claim], self.body_hash(request))


class Plaid:
    """A token signed with a key that is asked for by its id, with the hash of the body in a claim."""

    def sign(self, request):
        key = private_key("ec", "plaid", request.spare)
        claims = {"iat": request.at, "request_body_sha256": hashlib.sha256(request.body).hexdigest()}
        text = f"{part({'alg': 'ES256', 'kid': 'octo-1', 'typ': 'JWT'})}.{part(claims)}"
        r, s = decode_dss_signature(key.sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        request.headers["plaid-verification"] = f"{text}.{part(r.to_bytes(32) + s.to_bytes(32))}"
        numbers = key.public_key().public_numbers()
        jwk = {"alg": "ES256", "kty": "EC", "crv": "P-256", "use": "sig", "kid": "octo-1", "expired_at": None}
        jwk |= {"x": part(numbers.x.to_bytes(32)), "y": part(numbers.y.to_bytes(32)), "created_at": 1700000000}
        request.secret, request.key = "octo-client:octo-secret", json.dumps({"key": jwk, "request_id": "hello"})

    def check(self, request):
        text, _, signature = request.header("plaid-verification").rpartition(".")
        head, claims = (json.loads(unpart(piece)) for piece in text.split("."))
        jwk = json.loads(request.key)["key"]
        equal(head["alg"], "ES256")
        equal(head["kid"], jwk["kid"])
        x, y = (int.from_bytes(unpart(jwk[name])) for name in "xy")
        public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
        raw = unpart(signature)
        numbers = (int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        verified(public.verify, encode_dss_signature(*numbers), text.encode(), ec.ECDSA(hashes.SHA256()))
        if request.at - claims["iat"] > 300:
            raise Refused("too old")
        equal(claims["request_body_sha256"], hashlib.sha256(request.body).hexdigest())


REFERENCES = {
    # https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html
    "aws-sns": Sns(),
    # https://docs.discord.com/developers/interactions/overview#validating-security-request-headers
    "discord": Discord(),
    # https://fusionauth.io/docs/extend/events-and-webhooks/signing
    "fusionauth": Hs256("x-fusionauth-signature-jwt", "request_body_sha256", base64_text, {}),
    "fusionauth -----BEGIN": TokenByPublicKey(
        "x-fusionauth-signature-jwt", "request_body_sha256", base64_text, {}
    ),
    # https://docs.kick.com/events/webhooks
    "kick": Kick("kick", "kick-event-signature", kick_content),
    # https://docs.netlify.com/deploy/deploy-notifications/#payload-signature
    "netlify": Hs256("x-webhook-signature", "sha256", bytes.hex, {"iss": "netlify"}),
    # https://developer.paypal.com/api/rest/webhooks/rest/
    "paypal": PayPal(
        "paypal",
        "paypal-transmission-sig",
        paypal_content,
        host="api.paypal.com",
        subject="messageverificationcerts.paypal.com",
    ),
    "paypal-sandbox": PayPal(
        "paypal-sandbox",
        "paypal-transmission-sig",
        paypal_content,
        host="api.sandbox.paypal.com",
        subject="messageverificationcerts.sandbox.paypal.com",
    ),
    # https://plaid.com/docs/api/webhooks/webhook-verification/
    "plaid": Plaid(),
    "plaid-sandbox": Plaid(),
    # https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
    "sendgrid": SendGrid(),
    # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
    "standard-webhooks whpk_": StandardPublic("webhook"),
    "svix whpk_": StandardPublic("svix"),
    # https://developers.telnyx.com/docs/messaging/messages/receiving-webhooks
    "telnyx": Telnyx(),
    # https://docs.travis-ci.com/user/notifications/#verifying-webhook-requests
    "travis": Travis("travis", "signature", travis_payload, hashes.SHA1()),
    # https://docs.wise.com/api-docs/features/webhooks-notifications/event-handling
    "wise": Rsa("wise", "x-signature-sha256", lambda request: request.body),
}

"""Senders whose proof names an account, and those that sign in a way of their own, written from their documentation.

The keys and certificates are made here, again in each run: two of each, so that there is one that nobody vouches for.
"""

import base64
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import cache
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from families import Mac, Query, Stamped, Token, Basic, base64_text, equal, fresh, from_milliseconds, milliseconds
from request import Refused, Request

CHAT = "chat@system.gserviceaccount.com"


def part(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def unpart(text: str) -> bytes:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Refused("not base64url") from error


def whole(text: str) -> dict:
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Refused("not JSON") from error
    if not isinstance(value, dict):
        raise Refused("not an object")
    return value


@cache
def rsa_key(spare: bool):
    return rsa.generate_private_key(65537, 2048)


@dataclass
class GoogleToken:
    """A token that Google made for an audience, at the behest of an account."""

    email: str = ""
    issuers: tuple = ("https://accounts.google.com", "accounts.google.com")
    audience: str = ""

    def named(self, request):
        """The account and the audience that the hook's secret names."""
        if self.audience or self.email:
            return self.email, request.secret
        email, _, audience = request.secret.partition(":")
        return email, audience or request.url.partition("?")[0]

    def sign(self, request):
        request.secret = self.audience or (request.url if self.email else "bell@octo.iam.gserviceaccount.com")
        email, audience = self.named(request)
        numbers = rsa_key(request.spare).public_key().public_numbers()
        number = lambda value: part(value.to_bytes((value.bit_length() + 7) // 8, "big"))
        key = {"kty": "RSA", "alg": "RS256", "use": "sig", "kid": "k1", "n": number(numbers.n), "e": number(numbers.e)}
        request.key = json.dumps({"keys": [key]})
        claims = {"aud": audience, "iat": request.at, "exp": request.at + 3600, "iss": self.issuers[0]}
        if email:
            claims |= {"email": email, "email_verified": True}
        text = ".".join(part(json.dumps(value).encode()) for value in ({"alg": "RS256", "kid": "k1"}, claims))
        signature = rsa_key(request.spare).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        request.headers["authorization"] = f"Bearer {text}.{part(signature)}"

    def check(self, request):
        kind, _, token = request.header("authorization").partition(" ")
        parts = token.split(".")
        if kind != "Bearer" or len(parts) != 3:
            raise Refused("no token")
        head, claims = whole(unpart(parts[0])), whole(unpart(parts[1]))
        keys = {key["kid"]: key for key in whole(request.key)["keys"]}
        if head.get("alg") != "RS256" or head.get("kid") not in keys:
            raise Refused("another key")
        modulus, exponent = (int.from_bytes(unpart(keys[head["kid"]][name]), "big") for name in "ne")
        public = rsa.RSAPublicNumbers(exponent, modulus).public_key()
        try:
            public.verify(unpart(parts[2]), ".".join(parts[:2]).encode(), padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise Refused("another signature") from error
        if claims.get("iss") not in self.issuers or not claims["iat"] - 300 <= request.at < claims["exp"] + 300:
            raise Refused("another issuer or time")
        email, audience = self.named(request)
        if claims.get("aud") != audience or (email and (claims.get("email"), claims.get("email_verified")) != (email, True)):
            raise Refused("another account or audience")


@cache
def apple_keys(spare: bool):
    """The keys of a root, of who it vouches for, and of who signs."""
    return ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(ec.SECP384R1()), ec.generate_private_key(
        ec.SECP256R1()
    )


def apple_certificates(spare: bool, at: int):
    """The three certificates as they counted at a moment: signer, intermediate and root."""
    name = lambda text: x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])
    root, middle, leaf = apple_keys(spare)
    moment = datetime.fromtimestamp(at, timezone.utc)

    def certificate(subject, key, issuer, signer, mark, is_ca):
        builder = x509.CertificateBuilder(name(issuer), name(subject), key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(moment - timedelta(days=7)).not_valid_after(moment + timedelta(days=7))
        builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
        if mark:
            builder = builder.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier(mark), b"\x05\x00"), False)
        return builder.sign(signer, hashes.SHA384())

    return (
        certificate("Signer", leaf, "Middle", middle, "1.2.840.113635.100.6.11.1", False),
        certificate("Middle", middle, "Root", root, "1.2.840.113635.100.6.2.1", True),
        certificate("Root", root, "Root", root, None, True),
    )


class AppStore:
    """A document with its certificates; the root is what the hook would have built in."""

    def sign(self, request):
        request.secret = "com.example.bell"
        body = whole(request.body)
        claims = whole(unpart(body["signedPayload"].split(".")[1]))
        claims["signedDate"] = request.at * 1000
        chain = apple_certificates(request.spare, request.at)
        head = {"alg": "ES256", "x5c": [base64_text(one.public_bytes(Encoding.DER)) for one in chain]}
        text = ".".join(part(json.dumps(value).encode()) for value in (head, claims))
        r, s = decode_dss_signature(apple_keys(request.spare)[2].sign(text.encode(), ec.ECDSA(hashes.SHA256())))
        body["signedPayload"] = f"{text}.{part(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"
        request.body = json.dumps(body).encode()
        request.key = chain[2].public_bytes(Encoding.PEM).decode()

    def check(self, request):
        parts = str(whole(request.body).get("signedPayload")).split(".")
        if len(parts) != 3:
            raise Refused("no document")
        head, claims = whole(unpart(parts[0])), whole(unpart(parts[1]))
        leaf, middle, _ = (x509.load_der_x509_certificate(base64.b64decode(one)) for one in head["x5c"])
        signature = unpart(parts[2])
        if head["alg"] != "ES256" or len(signature) != 64:
            raise Refused("another algorithm")
        r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
        text = ".".join(parts[:2]).encode()
        try:
            middle.verify_directly_issued_by(x509.load_pem_x509_certificate(request.key.encode()))
            leaf.verify_directly_issued_by(middle)
            leaf.public_key().verify(encode_dss_signature(r, s), text, ec.ECDSA(hashes.SHA256()))
        except InvalidSignature as error:
            raise Refused("another signature") from error
        if claims["data"]["bundleId"] != request.secret:
            raise Refused("another app")


def field(value, path: str):
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    return value


@dataclass
class FieldToken:
    """The secret in a field of the body."""

    path: str

    def sign(self, request):
        request.body = json.dumps(whole(request.body) | {self.path: request.secret}).encode()

    def check(self, request):
        equal(field(whole(request.body), self.path), request.secret)


class DropboxSign:
    """A hash of an event's time and type, in JSON that is a field of a form."""

    def document(self, request):
        return whole(parse_qs(request.body.decode())["json"][0])

    def value(self, request, event):
        content = f"{event['event_time']}{event['event_type']}".encode()
        return hmac.digest(request.secret.encode(), content, "sha256").hex()

    def sign(self, request):
        document = self.document(request)
        document["event"]["event_hash"] = self.value(request, document["event"])
        request.body = urlencode({"json": json.dumps(document)}).encode()

    def check(self, request):
        event = self.document(request)["event"]
        equal(event.get("event_hash"), self.value(request, event))


class MercadoPago:
    """Pairs of a moment and a hash of a text that is made of the query and a header."""

    def value(self, request, moment):
        query = parse_qs(urlsplit(request.url).query)
        parts = [("id", query.get("data.id", [""])[0].lower()), ("request-id", request.headers.get("x-request-id"))]
        text = "".join(f"{name}:{value};" for name, value in [*parts, ("ts", moment)] if value)
        return hmac.digest(request.secret.encode(), text.encode(), "sha256").hex()

    def sign(self, request):
        request.url += "&data.id=ORD01JQ&type=order"
        request.headers["x-request-id"] = request.id
        request.headers["x-signature"] = f"ts={request.at},v1={self.value(request, str(request.at))}"

    def check(self, request):
        pairs = dict(pair.split("=", 1) for pair in request.header("x-signature").split(",") if "=" in pair)
        equal(pairs.get("v1"), self.value(request, pairs["ts"]))


class DingTalk(Mac):
    """A hash of a moment and the secret; the message is not signed."""

    def __init__(self):
        super().__init__("sign", write=base64_text, content=lambda r: f"{r.header('timestamp')}\n{r.secret}".encode())

    def sign(self, request):
        request.headers["timestamp"] = milliseconds(request.at)
        super().sign(request)

    def check(self, request):
        super().check(request)
        fresh(request, from_milliseconds(request.header("timestamp")), 3600)


REFERENCES = {
    # https://docs.cloud.google.com/pubsub/docs/authenticate-push-subscriptions
    "google-pubsub": GoogleToken(),
    "google-play": GoogleToken(),
    "google-cloud-monitoring-pubsub": GoogleToken(),
    # https://docs.cloud.google.com/scheduler/docs/http-target-auth
    "google-oidc": GoogleToken(),
    # https://developers.google.com/workspace/chat/verify-requests-from-chat
    "google-chat": GoogleToken(email=CHAT),
    "google-chat-project": GoogleToken(issuers=(CHAT,), audience="1234567890"),
    # https://docs.cloud.google.com/monitoring/support/notification-options#webhooks
    "google-cloud-monitoring": Basic(),
    # https://developers.google.com/workspace/calendar/api/guides/push
    "google-calendar": Token("x-goog-channel-token"),
    "google-drive": Token("x-goog-channel-token"),
    # https://developer.apple.com/documentation/appstoreservernotifications; judged by Apple's own library
    "app-store": AppStore(),
    "app-store-sandbox": AppStore(),
    # https://mailchimp.com/developer/marketing/guides/sync-audience-data-webhooks/
    "mailchimp": Query("secret"),
    # https://open.feishu.cn/document/ukTMukTMukTM/uYDNxYjL2QTM24iN0EjN/event-subscription-configure-
    "lark": FieldToken("token"),
    # https://docs.patreon.com/#webhooks
    "patreon": Mac("x-patreon-signature", "md5"),
    # https://www.w3.org/TR/websub/#signing-content
    "websub": Mac("x-hub-signature", before="sha256="),
    "websub-sha1": Mac("x-hub-signature", "sha1", before="sha1="),
    "youtube": Mac("x-hub-signature", "sha1", before="sha1="),
    # https://developers.viber.com/docs/api/rest-bot-api/#callbacks
    "viber": Mac("x-viber-content-signature"),
    # https://developers.hellosign.com/docs/guides/events-and-callbacks/walkthrough
    "dropbox-sign": DropboxSign(),
    # https://open.dingtalk.com/document/orgapp/receive-message
    "dingtalk": DingTalk(),
    # https://docs.xendit.co/webhook
    "xendit": Token("x-callback-token"),
    # https://www.mercadopago.com.mx/developers/en/docs/order/online-payments/notifications
    "mercado-pago": MercadoPago(),
    # https://docs.btcpayserver.org/API/Greenfield/v1/#tag/Webhooks
    "btcpay": Mac("btcpay-sig", before="sha256="),
    # https://developer.todoist.com/api/v1/#tag/Webhooks
    "todoist": Mac("x-todoist-hmac-sha256", write=base64_text),
    # https://www.checklyhq.com/docs/alerting-and-retries/webhooks
    "checkly": Mac("x-checkly-signature"),
    # https://developers.figma.com/docs/rest-api/webhooks-security
    "figma": FieldToken("passcode"),
    # https://docs.onfleet.com/reference/secrets
    "onfleet": Mac("x-onfleet-signature", "sha512", key=bytes.fromhex),
}

"""One request as it goes back and forth between the tests and the references."""

import base64
from dataclasses import dataclass, field


class Refused(Exception):
    """The request does not prove itself."""


@dataclass
class Request:
    """A POST to a public URL. Its moment is the one it is signed at, or the one it is judged at."""

    url: str
    body: bytes
    secret: str
    at: int
    headers: dict = field(default_factory=dict)
    id: str = "evt_1"
    key: str = ""  # what is found where the sender's public key is fetched from
    spare: bool = False  # to be signed with the sender's second key, which nobody knows

    @classmethod
    def read(cls, case):
        """Reads a request as the tests write it."""
        known = {name: case[name] for name in ("url", "secret", "at", "id", "key", "spare") if name in case}
        return cls(body=base64.b64decode(case["body"]), headers=dict(case["headers"]), **known)

    def write(self):
        """Writes it as the tests read it."""
        body = base64.b64encode(self.body).decode()
        return {"url": self.url, "headers": self.headers, "body": body, "secret": self.secret, "key": self.key}

    def header(self, name):
        """A header that must be there."""
        value = self.headers.get(name)
        if not value:
            raise Refused(f"no {name}")
        return value

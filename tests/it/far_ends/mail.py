"""Another mail server and another client: aiosmtpd, and smtplib with mails that Python's `email` writes.

`mail.py serve` prints its port, then each mail that aiosmtpd took, as Python reads it, until its input ends.
`mail.py send` reads {"port", "root"?, "user"?, "password"?, "mails"} and says what became of each mail.
"""

import email
import email.policy
import json
import smtplib
import ssl
import sys
from email.message import EmailMessage

from aiosmtpd.controller import Controller


class Keep:
    """Prints each mail."""

    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        leaves = [part for part in mail.walk() if not part.is_multipart()]
        told = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in mail.items()],
            "parts": [[part.get_content_type(), part.get_content().replace("\r\n", "\n")] for part in leaves],
            "defects": [str(defect) for part in mail.walk() for defect in part.defects],
        }
        print(json.dumps(told), flush=True)
        return "250 taken"


class AnyPort(Controller):
    """A controller that learns which port the system chose before it asks itself there whether it is ready."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


def serve():
    controller = AnyPort(Keep(), hostname="127.0.0.1", port=0, data_size_limit=10 * 1024 * 1024)
    controller.start()
    print(controller.port, flush=True)
    sys.stdin.read()
    controller.stop()


def written(draft):
    """The mail of a draft."""
    mail = EmailMessage(policy=email.policy.SMTP)
    for name, value in draft["headers"]:
        mail[name] = value
    mail.set_content(draft["text"], cte=draft.get("encoding"))
    if "html" in draft:
        mail.add_alternative(draft["html"], subtype="html")
        # The same each time, for both servers to be told the same.
        mail.set_boundary("===two=parts===")
    return mail


def send(question):
    answers = []
    for draft in question["mails"]:
        with smtplib.SMTP("127.0.0.1", question["port"], timeout=20) as client:
            try:
                if "root" in question:
                    # The certificate is for a name, not for an address.
                    client._host = "localhost"
                    client.starttls(context=ssl.create_default_context(cadata=question["root"]))
                if "user" in question:
                    client.login(question["user"], question["password"])
                # A part may be written in 8 bits.
                eight = ["BODY=8BITMIME"]
                refused = client.send_message(written(draft), "desk@bellhop.example", draft["to"], eight)
                answers.append({"refused": {address: code for address, (code, _) in refused.items()}})
            except smtplib.SMTPRecipientsRefused as error:
                answers.append({"refused": {address: code for address, (code, _) in error.recipients.items()}})
            except smtplib.SMTPResponseException as error:
                answers.append({"error": type(error).__name__, "code": error.smtp_code})
            except smtplib.SMTPException as error:
                answers.append({"error": type(error).__name__})
    print(json.dumps(answers))


if sys.argv[1] == "serve":
    serve()
else:
    send(json.load(sys.stdin))

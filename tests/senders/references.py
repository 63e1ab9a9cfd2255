"""Signs requests and judges them, as the senders' documentation and their Python libraries say.

Standard input: {"sign": [request, …], "judge": [request, …]}. Standard output: the signed requests, and for each
request to judge null where it is accepted, or why not.
"""

import json
import sys

import accounts
import apps
import public
import shared
from elevenlabs.errors import BadRequestError
from elevenlabs.webhooks_custom import WebhooksClient
from polar.webhooks import PolarWebhookError, validate_event
from request import Refused, Request

REFERENCES = shared.REFERENCES | public.REFERENCES | accounts.REFERENCES | apps.REFERENCES


def elevenlabs(request: Request):
    header = request.headers.get("elevenlabs-signature")
    WebhooksClient.construct_event(None, request.body.decode(), header, request.secret)


class EveryType(frozenset):
    def __contains__(self, _):
        return True


def polar(request: Request):
    validate_event(request.body, request.headers, request.secret, EveryType(), lambda data: data)


LIBRARIES = {"elevenlabs": elevenlabs, "polar-sdk": polar}

# What a verifier raises over a bad request; anything else is a fault of the verifier itself.
REFUSALS = (Refused, BadRequestError, PolarWebhookError, ValueError, KeyError)


def signed(case):
    """The request with what proves it."""
    request = Request.read(case)
    REFERENCES[case["sender"]].sign(request)
    return request.write()


def judged(case):
    """Why a request is refused, if it is."""
    check = LIBRARIES.get(case["by"]) or REFERENCES[case["sender"]].check
    try:
        check(Request.read(case))
    except REFUSALS as error:
        return repr(error)
    return None


tasks = json.load(sys.stdin)
json.dump({"signed": [*map(signed, tasks["sign"])], "judged": [*map(judged, tasks["judge"])]}, sys.stdout)

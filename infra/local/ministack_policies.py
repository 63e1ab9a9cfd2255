"""Start MiniStack, with policies evaluated as AWS does it where MiniStack does not.

- `dynamodb:LeadingKeys`, which MiniStack does not know, holds the partition keys that a request names.
- A batch of SQS calls is allowed by the action for one of them, which is the only one that AWS knows.
- A mail of SES is sent in the name of the identity that it is from, which `ses:FromAddress` holds.
- `ssm:GetParameters` and `ssm:DeleteParameters` are checked against every parameter that they name.
- Calls come over plain HTTP and count as TLS, which policies ask for.
"""

import json

from ministack import app
from ministack.core import iam_actions, iam_evaluator, responses

PARTITION_KEY = "pk"
MAILS = "/v2/email/outbound-emails"
# Stands between resources of one call; no ARN has it.
SEPARATOR = "\n"


def leading_keys(request: dict) -> list[str]:
    """Return the values of the partition key that a DynamoDB request names."""
    keys = [request.get(part, {}).get(PARTITION_KEY, {}).get("S") for part in ("Key", "Item")]
    condition, values = request.get("KeyConditionExpression", ""), request.get("ExpressionAttributeValues", {})
    for clause in condition.split(" AND "):
        name, _, value = (word.strip() for word in clause.partition("="))
        if name == PARTITION_KEY:
            keys.append(values.get(value, {}).get("S"))
    for change in request.get("TransactItems", []):
        keys += [key for part in change.values() for key in leading_keys(part)]
    return [key for key in keys if key is not None]


def with_leading_keys(context):
    """Return the function that gathers the condition keys of a DynamoDB request, with the leading keys added."""

    def gather(body: bytes) -> dict:
        keys = leading_keys(json.loads(body or b"{}"))
        return {**context(body), **({"dynamodb:LeadingKeys": keys} if keys else {})}

    return gather


def without_batches(extract):
    """Return the function that names the action of a request, without the batches that AWS does not know."""

    def action(service: str, *request) -> str | None:
        name = extract(service, *request)
        return name.removesuffix("Batch") if name and service == "sqs" else name

    return action


def of_every_parameter(extract):
    """Return the function that names the resource of a request, with those of all parameters it names."""

    def resource(service, method, path, headers, body, query, region, account) -> str:
        names = json.loads(body or b"{}").get("Names") if service == "ssm" else None
        if not names:
            return extract(service, method, path, headers, body, query, region, account)
        return SEPARATOR.join(f"arn:aws:ssm:{region}:{account}:parameter/{name.lstrip('/')}" for name in names)

    return resource


def in_the_name_of_its_sender(enforce):
    """Return the function that decides on a request of SES, which knows whom a mail is from."""

    def decide(method, path, headers, body, query, request_id):
        if (method, path) != ("POST", MAILS):
            return enforce(method, path, headers, body, query, request_id)
        sender = json.loads(body or b"{}").get("FromEmailAddress", "")
        region, account = app.extract_region(headers, query), responses.get_account_id()
        identity = f"arn:aws:ses:{region}:{account}:identity/{sender}"
        return app._enforce_data_plane(
            "sesv2", "ses:SendEmail", headers, query, request_id, resource_arn=identity,
            service_context={"ses:FromAddress": sender}, named_resource=identity)

    return decide


def for_every_resource(enforce):
    """Return the function that decides on a request, which refuses it where one of its resources is refused."""

    def decide(*request, resource_arn: str = "*", **rest):
        decisions = (enforce(*request, resource_arn=one, **rest) for one in resource_arn.split(SEPARATOR))
        return next((refusal for refusal in decisions if refusal is not None), None)

    return decide


def counted_as_tls(pin):
    """Return the function that notes where a request comes from, for which every way is a safe one."""
    return lambda source_ip, _: pin(source_ip, True)


def main() -> None:
    """Put the functions above in the place of MiniStack's, and start it."""
    iam_actions.dynamodb_service_context = with_leading_keys(iam_actions.dynamodb_service_context)
    iam_actions.extract_iam_action = without_batches(iam_actions.extract_iam_action)
    iam_actions.extract_resource_arn = of_every_parameter(iam_actions.extract_resource_arn)
    iam_evaluator.enforce = for_every_resource(iam_evaluator.enforce)
    app._enforce_ses_v2 = in_the_name_of_its_sender(app._enforce_ses_v2)
    app.pin_request_origin = counted_as_tls(app.pin_request_origin)
    app.main()


if __name__ == "__main__":
    main()

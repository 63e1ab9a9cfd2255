//! What services of AWS say no with, and what follows from it.

use bellhop_core::arn;
use bellhop_core::task::MOST_ANSWER_BYTES;

use crate::delivery::Failure;
use crate::ports::AwsRefusal;

/// Why there is no way to AWS, and how to make one.
pub(super) const NO_WAY: &str = "this process has no credentials for AWS: set AWS_REGION, AWS_ACCESS_KEY_ID and \
                                 AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN where they are for a time, and start it again";

/// What a service says that knows no such thing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Missing {
    /// The service, as people name it.
    pub(super) service: &'static str,
    /// How to mend that there is no such thing.
    pub(super) fix: &'static str,
}

/// A refusal as it is recorded.
pub(super) fn said(refusal: &AwsRefusal) -> String {
    let mut said = refusal.to_string();
    said.truncate(said.floor_char_boundary(MOST_ANSWER_BYTES));
    said
}

/// What follows from a refusal of what was asked of the thing of this ARN.
///
/// Facts: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsResultEntry.html> and
/// <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html#API_Invoke_Errors>.
pub(super) fn failure(missing: Missing, refusal: &AwsRefusal, arn: &str) -> Failure {
    let why = format!("{}: {refusal}", missing.service);
    let passing = |why, counts| Failure::Passing { why, seconds: None, counts };
    match (refusal.code.as_str(), refusal.status) {
        // So much is asked of the service: that says nothing of the thing.
        ("ThrottlingException" | "Throttling" | "TooManyRequestsException" | "RequestLimitExceeded", _)
        | (_, Some(429)) => passing(why, false),
        ("AccessDeniedException" | "AccessDenied", _) => {
            Failure::Closed(format!("{why}; {}, and see that its own policy lets this account in", arn::fix(arn)))
        }
        ("ResourceNotFoundException" | "EventBusNotFound", _) => {
            Failure::Closed(format!("{why}; {}: {arn}", missing.fix))
        }
        // No answer; trouble in the service; a key that has just ended, or a clock that is wrong.
        ("", None)
        | (_, Some(401 | 403 | 500..))
        | (
            "InternalFailure"
            | "InternalException"
            | "ServiceUnavailable"
            | "ConcurrentModificationException"
            | "ResourceConflictException"
            | "ExpiredTokenException"
            | "UnrecognizedClientException"
            | "InvalidSignatureException"
            | "RequestTimeout"
            | "RequestTimeoutException",
            _,
        ) => passing(why, true),
        _ => Failure::Refused(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ARN: &str = "arn:aws:events:eu-central-1:111122223333:event-bus/orders";

    #[test]
    fn every_refusal_has_one_meaning() {
        let missing = Missing { service: "EventBridge", fix: "make the event bus" };
        let refusal = |code: &str, status| AwsRefusal { status, code: code.to_owned(), why: "why".to_owned() };
        let of = |code: &str, status| failure(missing, &refusal(code, status), ARN);
        for (code, status) in [("ThrottlingException", None), ("TooManyRequestsException", Some(429)), ("", Some(429))]
        {
            assert!(matches!(of(code, status), Failure::Passing { counts: false, .. }), "{code}");
        }
        for (code, status) in [
            ("", None),
            ("InternalFailure", None),
            ("InternalException", Some(500)),
            ("", Some(503)),
            ("EC2ThrottledException", Some(502)),
            ("ResourceConflictException", Some(409)),
            ("ExpiredTokenException", Some(400)),
            ("SignatureDoesNotMatch", Some(403)),
        ] {
            assert!(matches!(of(code, status), Failure::Passing { counts: true, seconds: None, .. }), "{code}");
        }
        for (code, status) in [
            ("NotAuthorizedForSourceException", None),
            ("NotAuthorizedForDetailTypeException", None),
            ("MalformedDetail", None),
            ("InvalidArgument", None),
            ("SomethingNew", None),
            ("ValidationException", Some(400)),
            ("RequestTooLargeException", Some(413)),
        ] {
            assert_eq!(of(code, status), Failure::Refused(format!("EventBridge: {code}: why")));
        }
        for (code, status, fix) in [
            ("AccessDeniedException", Some(400), arn::TARGETS_PARAMETER),
            ("AccessDeniedException", None, arn::TARGETS_PARAMETER),
            ("ResourceNotFoundException", Some(400), "make the event bus"),
            ("EventBusNotFound", None, "make the event bus"),
        ] {
            let Failure::Closed(why) = of(code, status) else { panic!("{code} is for an operator to mend") };
            assert!(why.contains(code) && why.contains(fix) && why.contains(ARN), "{why}");
        }
    }

    #[test]
    fn what_is_recorded_of_a_refusal_is_short() {
        let refusal = AwsRefusal { code: "A".to_owned(), why: "ü".repeat(9_000), status: None };
        assert!((MOST_ANSWER_BYTES - 1..=MOST_ANSWER_BYTES).contains(&said(&refusal).len()));
        assert_eq!(AwsRefusal { why: "no answer".to_owned(), ..AwsRefusal::default() }.to_string(), "no answer");
    }
}

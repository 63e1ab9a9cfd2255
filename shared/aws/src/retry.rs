//! When a call is made again, and how long after: what the SDK's standard mode does.
//!
//! Facts: <https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bellhop_net::Reply;
use http::StatusCode;

use crate::refusal::Refusal;

/// How long the first wait may be; each further one may be twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(50);

/// How long any wait may be.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// How much all retries of a service may cost until calls succeed again, and what one costs.
const QUOTA: u32 = 500;
const COST: u32 = 5;

/// The codes of refusals of the moment, which services give with the status 400.
const OF_THE_MOMENT: [&str; 18] = [
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "KmsThrottled",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TooManyUpdates",
    "TransactionInProgressException",
];

/// How patiently a call is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// How often it is tried.
    pub(crate) attempts: u32,
    /// How long one attempt may take.
    pub(crate) attempt: Duration,
    /// How long all of them may take together.
    pub(crate) call: Duration,
}

/// What retries may still cost: so a service that is down is not asked three times as often as one that is up.
#[derive(Debug)]
pub(crate) struct Quota(AtomicU32);

impl Default for Quota {
    fn default() -> Self {
        Self(AtomicU32::new(QUOTA))
    }
}

impl Quota {
    /// Takes what one retry costs; false where there is not so much left.
    pub(crate) fn take(&self) -> bool {
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(COST)).is_ok()
    }

    /// Gives back after a call that succeeded: the cost of its last retry, or a little where it had none.
    pub(crate) fn give(&self, attempts: u32) {
        let amount = if attempts > 1 { COST } else { 1 };
        let more = |left: u32| Some((left + amount).min(QUOTA));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }
}

/// Whether the same call may be answered better later.
pub(crate) fn may_pass(reply: &Reply) -> bool {
    match reply.status {
        StatusCode::INTERNAL_SERVER_ERROR
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS => true,
        StatusCode::BAD_REQUEST => OF_THE_MOMENT.contains(&Refusal::read(reply).code.as_str()),
        _ => false,
    }
}

/// How long to wait after so many attempts; the last one's answer may say it.
pub(crate) fn wait(attempts: u32, reply: Option<&Reply>) -> Duration {
    let asked = reply.and_then(|reply| reply.headers.get("x-amz-retry-after")?.to_str().ok()?.parse().ok());
    match asked {
        Some(ms) => Duration::from_millis(ms).min(LONGEST_WAIT),
        None => (FIRST_WAIT * (1 << (attempts - 1).min(8))).min(LONGEST_WAIT).mul_f64(jitter()),
    }
}

/// A number from 0 to 1, another each time.
fn jitter() -> f64 {
    let random = RandomState::new().hash_one(());
    f64::from(u32::try_from(random >> 32).unwrap_or_default()) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        let status = StatusCode::from_u16(status).unwrap();
        Reply { status, headers: HeaderMap::new(), body: body.to_owned().into(), is_whole: true }
    }

    #[test]
    fn what_is_of_the_moment_is_tried_again_and_nothing_else() {
        for status in [429, 500, 502, 503, 504] {
            assert!(may_pass(&reply(status, "")), "{status}");
        }
        for status in [200, 301, 400, 401, 403, 404, 409, 413, 501] {
            assert!(!may_pass(&reply(status, "")), "{status}");
        }
        for code in OF_THE_MOMENT {
            for prefix in ["", "com.amazonaws.dynamodb.v20120810#"] {
                assert!(may_pass(&reply(400, &format!(r#"{{"__type":"{prefix}{code}","message":"m"}}"#))), "{code}");
            }
        }
        let final_ones = ["ConditionalCheckFailedException", "ExpiredTokenException", "ValidationException", ""];
        for code in final_ones {
            // What else stands in the answer has no say.
            let body = format!(r#"{{"__type":"{code}","Item":{{"a":{{"S":"ThrottlingException"}}}}}}"#);
            assert!(!may_pass(&reply(400, &body)), "{code}");
        }
    }

    #[test]
    fn waits_grow_are_spread_and_end() {
        for (attempts, most) in [(1, 50), (2, 100), (3, 200), (6, 1_000), (40, 1_000)] {
            let waits: Vec<_> = (0..50).map(|_| wait(attempts, None)).collect();
            assert!(waits.iter().all(|wait| *wait <= Duration::from_millis(most)), "{waits:?}");
            assert!(waits.iter().any(|wait| *wait > Duration::from_millis(most / 4)), "{waits:?}");
            assert!(waits.iter().any(|wait| wait != &waits[0]));
        }
        for (asked, waited) in [("70", 70), ("90000", 1_000)] {
            let mut reply = reply(503, "");
            reply.headers.insert("x-amz-retry-after", asked.parse().unwrap());
            assert_eq!(wait(1, Some(&reply)), Duration::from_millis(waited));
        }
    }

    #[test]
    fn retries_end_where_nothing_succeeds_and_come_back_with_success() {
        let quota = Quota::default();
        assert_eq!((0..1_000).filter(|_| quota.take()).count(), 100);
        quota.give(1);
        assert!(!quota.take());
        quota.give(2);
        assert!(quota.take() && !quota.take());
        (0..1_000).for_each(|_| quota.give(1));
        assert_eq!((0..1_000).filter(|_| quota.take()).count(), 100, "no more than it was at first");
    }
}

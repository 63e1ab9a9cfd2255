//! What the status of an answer says, and when to come back.

use bellhop_core::time::Timestamp;

use crate::delivery::Failure;

/// The longest wait that an answer may ask for, in seconds: a day.
const LONGEST_WAIT: u64 = 24 * 60 * 60;

/// Whether a status is a success; `seconds` is what `Retry-After` asks for.
///
/// 4xx is final but for 408, 425 and 429: the request is wrong, or not welcome there.
pub(in crate::delivery) fn read(status: u16, seconds: Option<u64>) -> Result<(), Failure> {
    let why = format!("the answer was {status}");
    Err(match (status, seconds) {
        (200..=299, _) => return Ok(()),
        (300..=399, _) => Failure::Closed(format!("{why}: redirects are not followed; set the URL that it leads to")),
        (410, _) => Failure::Gone(format!("{why}: the address says that it is gone for good")),
        (429, Some(seconds)) => Failure::Throttled { why, seconds },
        (429 | 503, _) => Failure::Passing { why, seconds, counts: true },
        (408 | 425, _) | (500.., _) => Failure::Passing { why, seconds, counts: true },
        (401 | 403 | 404 | 405, _) => Failure::Closed(why),
        _ => Failure::Refused(why),
    })
}

/// What `Retry-After` asks for, in seconds, a day at most: a number, or a date (RFC 9110, section 10.2.3).
pub(super) fn seconds(text: &str, now: Timestamp) -> Option<u64> {
    let text = text.trim();
    let asked = match text.parse::<u64>() {
        Ok(seconds) => seconds,
        Err(_) => Timestamp::from_http_date(text)?.ms_since(now).div_ceil(1000),
    };
    Some(asked.min(LONGEST_WAIT))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_one_meaning() {
        for status in 0..=999 {
            let failure = read(status, None).err();
            assert_eq!(failure.is_none(), (200..300).contains(&status), "{status}");
            let passes = matches!(status, 408 | 425 | 429) || status >= 500;
            let is_final = failure.as_ref().is_some_and(Failure::is_final);
            assert_eq!(is_final, failure.is_some() && !passes, "{status}: {failure:?}");
            assert_eq!(matches!(failure, Some(Failure::Gone(_))), status == 410);
        }
        assert_eq!(read(429, Some(7)), Err(Failure::Throttled { why: "the answer was 429".to_owned(), seconds: 7 }));
        assert!(matches!(read(503, Some(7)), Err(Failure::Passing { seconds: Some(7), .. })));
    }

    #[test]
    fn a_wait_is_a_number_or_a_date_and_a_day_at_most() {
        let now = Timestamp::from_seconds(784_111_777);
        for (text, expected) in [
            ("0", Some(0)),
            (" 41 ", Some(41)),
            ("99999999999999999999", None),
            ("999999999", Some(86_400)),
            ("Sun, 06 Nov 1994 08:49:37 GMT", Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(30)),
            ("soon", None),
            ("-1", None),
            ("", None),
        ] {
            assert_eq!(seconds(text, now), expected, "{text}");
        }
    }
}

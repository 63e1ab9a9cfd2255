//! Moments and stretches of time as people write them.

use bellhop_core::time::Timestamp;

/// Reads a stretch of time: `90d`, `2h`, `30m` or `45s`; in milliseconds.
pub(crate) fn stretch(text: &str) -> Result<u64, String> {
    let unit = match text.chars().last() {
        Some('s') => 1000,
        Some('m') => 60_000,
        Some('h') => 3_600_000,
        Some('d') => 86_400_000,
        _ => return Err("write `45s`, `30m`, `2h` or `90d`".to_owned()),
    };
    let number = text[..text.len() - 1].parse::<u64>().ok().filter(|number| *number > 0);
    let number = number.ok_or_else(|| "write a whole number above 0 and a unit, such as `2h`".to_owned())?;
    number.checked_mul(unit).ok_or_else(|| "that is too long".to_owned())
}

/// Reads a stretch of time that may be written in seconds without a unit; in milliseconds.
pub(crate) fn seconds(text: &str) -> Result<u64, String> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { stretch(&format!("{text}s")) } else { stretch(text) }
}

/// A moment as it was written: in the calendar, or so long ago.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Moment {
    /// In the calendar.
    At(Timestamp),
    /// So many milliseconds ago.
    Ago(u64),
}

impl Moment {
    /// Reads a day (its first moment, UTC), a moment in RFC 3339, or a stretch of time before now.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let moment = Timestamp::from_rfc3339(text).or_else(|| Timestamp::from_rfc3339(&format!("{text}T00:00:00Z")));
        match (moment, stretch(text)) {
            (Some(moment), _) => Ok(Self::At(moment)),
            (None, Ok(ms)) => Ok(Self::Ago(ms)),
            (None, Err(_)) => {
                Err("write a day `2026-01-01`, a moment `2026-01-01T12:00:00Z`, or how long ago: `30d`".to_owned())
            }
        }
    }

    /// The moment itself.
    pub(crate) fn at(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(moment) => moment,
            Self::Ago(ms) => Timestamp::from_ms(now.as_ms().saturating_sub(ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_have_a_unit() {
        for (text, expected) in [
            ("45s", Some(45_000)),
            ("30m", Some(1_800_000)),
            ("2h", Some(7_200_000)),
            ("90d", Some(7_776_000_000)),
            ("0h", None),
            ("-2h", None),
            ("2", None),
            ("h", None),
            ("", None),
            ("2ä", None),
            ("99999999999999999999d", None),
            ("999999999999999999d", None),
        ] {
            assert_eq!(stretch(text).ok(), expected, "{text}");
        }
        assert_eq!([seconds("30"), seconds("2m")], [Ok(30_000), Ok(120_000)]);
        assert!(seconds("").is_err() && seconds("0").is_err() && seconds("1.5").is_err());
    }

    #[test]
    fn moments_are_days_moments_or_ages() {
        let now = Timestamp::from_seconds(1_700_000_000);
        for (text, expected) in [
            ("2023-11-14", Some("2023-11-14T00:00:00.000Z")),
            ("2023-11-14T22:00:00+01:00", Some("2023-11-14T21:00:00.000Z")),
            ("1h", Some("2023-11-14T21:13:20.000Z")),
            ("yesterday", None),
            ("2023-13-01", None),
        ] {
            let found = Moment::parse(text).ok().map(|moment| moment.at(now).rfc3339());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}

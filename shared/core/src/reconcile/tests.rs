use std::collections::HashMap;

use proptest::prelude::*;

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A moment so many minutes before now.
fn ago(minutes: u64) -> Timestamp {
    Timestamp::from_ms(NOW.as_ms() - minutes * MINUTE_MS)
}

fn attempted(id: u64, guid: &str, minutes: u64, accepted: bool) -> Attempted {
    Attempted { id, guid: guid.to_owned(), at: ago(minutes), accepted }
}

fn guids(findings: &Findings) -> Vec<&str> {
    findings.lost.iter().map(|lost| lost.guid.as_str()).collect()
}

#[test]
fn the_list_is_read_back_to_the_last_look_and_a_little_further() {
    for (checked, expected) in [
        (None, ago(3 * 24 * 60)),
        (Some(ago(5)), ago(15)),
        (Some(NOW), ago(10)),
        (Some(ago(30 * 24 * 60)), ago(3 * 24 * 60)),
    ] {
        let progress = Progress { checked, ..Progress::default() };
        assert_eq!(progress.since(NOW), expected, "{checked:?}");
    }
    assert_eq!(Progress::looking_back(120 * MINUTE_MS, NOW).since(NOW), ago(120));
}

#[test]
fn a_delivery_is_lost_that_was_accepted_in_no_attempt() {
    let listed = [
        attempted(9, "refused twice", 1, false),
        attempted(8, "came later", 2, true),
        attempted(7, "came at once", 3, true),
        attempted(6, "failed afterwards", 4, false),
        attempted(5, "failed afterwards", 5, true),
        attempted(4, "refused twice", 6, false),
        attempted(3, "came later", 7, false),
        attempted(2, "refused once", 8, false),
    ];
    let findings = Progress::default().look(&listed, NOW);
    assert_eq!(guids(&findings), ["refused once", "refused twice"]);
    assert_eq!(findings.lost[1].attempt, 4, "the first of its attempts");
}

#[test]
fn what_was_asked_for_is_given_ten_minutes_five_times() {
    let listed = [attempted(1, "g", 1, false)];
    for (minutes, times, expected) in [
        (0, 1, "patience"),
        (9, 1, "patience"),
        (10, 1, "again"),
        (10, 4, "again"),
        (9, 5, "patience"),
        (10, 5, "over"),
    ] {
        let asked = Asked { attempt: 1, times, last: ago(minutes), given_up: false };
        let mut progress = Progress { asked: BTreeMap::from([("g".to_owned(), asked)]), ..Progress::default() };
        let findings = progress.look(&listed, NOW);
        let found = match (findings.lost.len(), findings.given_up.len()) {
            (0, 0) => "patience",
            (1, 0) => "again",
            (0, 1) => "over",
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "asked {times} times, the last {minutes} minutes ago");
    }
}

#[test]
fn what_was_asked_for_is_remembered_when_the_list_no_longer_shows_it() {
    let mut progress = Progress { checked: Some(ago(1)), ..Progress::default() };
    progress.note_asked(&Lost { guid: "g".to_owned(), attempt: 4, at: ago(60) }, ago(11));
    let findings = progress.look(&[], NOW);
    assert_eq!(findings.lost, [Lost { guid: "g".to_owned(), attempt: 4, at: ago(11) }]);
}

#[test]
fn what_arrived_is_forgotten() {
    let mut progress = Progress::default();
    progress.note_asked(&Lost { guid: "g".to_owned(), attempt: 4, at: ago(60) }, ago(5));
    let findings = progress.look(&[attempted(5, "g", 4, true)], NOW);
    assert_eq!((findings.arrived, progress.asked.len()), (1, 0));
}

#[test]
fn what_is_given_up_is_not_found_anew_and_is_forgotten_in_the_end() {
    let asked = Asked { attempt: 1, times: 5, last: ago(12), given_up: false };
    let mut progress = Progress { asked: BTreeMap::from([("g".to_owned(), asked)]), ..Progress::default() };
    progress.note_checked(NOW, &[]);
    let listed = [attempted(6, "g", 11, false)];
    assert_eq!(progress.look(&listed, NOW).given_up, ["g"]);
    assert_eq!(progress.look(&listed, NOW), Findings::default(), "it is told once");
    let later = NOW.plus_ms(2 * REMEMBERED_MS);
    progress.note_checked(later, &[]);
    progress.look(&[], later);
    assert!(progress.asked.is_empty());
}

#[test]
fn what_could_not_be_asked_for_is_listed_again() {
    let mut progress = Progress::default();
    let lost = Lost { guid: "g".to_owned(), attempt: 1, at: ago(600) };
    progress.note_checked(NOW, std::slice::from_ref(&lost));
    assert_eq!(progress.since(NOW), ago(610));
    progress.note_asked(&lost, NOW);
    progress.note_checked(NOW, &[lost]);
    assert_eq!(progress.since(NOW), ago(10), "one that is remembered holds nothing up");
}

/// What a made-up sender and we do in one step of five minutes.
#[derive(Debug, Clone)]
struct Step {
    /// For each new delivery, after how many failed attempts it is accepted.
    deliveries: Vec<u8>,
    /// How many requests for deliveries pass before the sender refuses more.
    passes: usize,
    /// Whether the list can be read.
    readable: bool,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let deliveries = prop::collection::vec(prop_oneof![3 => Just(0u8), 2 => 1u8..5, 1 => Just(9u8)], 0..5);
    let passes = prop_oneof![3 => Just(usize::MAX), 1 => 0usize..3];
    let step = (deliveries, passes, prop::bool::weighted(0.8)).prop_map(|(deliveries, passes, readable)| Step {
        deliveries,
        passes,
        readable,
    });
    prop::collection::vec(step, 1..40)
}

/// A sender that keeps its attempts, and when each delivery was asked for.
#[derive(Default)]
struct Sender {
    attempts: Vec<Attempted>,
    fails: HashMap<String, u8>,
    asks: HashMap<String, Vec<Timestamp>>,
}

impl Sender {
    fn attempt(&mut self, guid: &str, at: Timestamp) {
        let fails = self.fails.entry(guid.to_owned()).or_default();
        let id = self.attempts.len() as u64 + 1;
        self.attempts.push(Attempted { id, guid: guid.to_owned(), at, accepted: *fails == 0 });
        *fails = fails.saturating_sub(1);
    }

    fn accepted(&self, guid: &str) -> bool {
        self.attempts.iter().any(|attempted| attempted.guid == guid && attempted.accepted)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever fails, everything that can be had arrives, and no delivery is asked for too often or too soon.
    #[test]
    fn nothing_is_lost_and_nobody_is_pestered(steps in steps()) {
        let (mut sender, mut progress) = (Sender::default(), Progress::default());
        let quiet = Step { deliveries: Vec::new(), passes: usize::MAX, readable: true };
        let steps = steps.into_iter().chain(std::iter::repeat_n(quiet, 14));
        let mut made = 0;
        for (number, step) in (0..).zip(steps) {
            let now = NOW.plus_ms(number * 5 * MINUTE_MS);
            for fails in step.deliveries {
                made += 1;
                let guid = format!("g{made}");
                sender.fails.insert(guid.clone(), fails);
                sender.attempt(&guid, now);
            }
            if !step.readable {
                continue;
            }
            let since = progress.since(now);
            let listed: Vec<_> = sender.attempts.iter().filter(|attempted| attempted.at >= since).cloned().collect();
            let lost = progress.look(&listed, now).lost;
            let (asked, left) = lost.split_at(step.passes.min(lost.len()));
            for lost in asked {
                prop_assert!(!sender.accepted(&lost.guid), "{} had arrived", lost.guid);
                let attempt = sender.attempts.iter().find(|attempted| attempted.id == lost.attempt);
                prop_assert_eq!(attempt.map(|attempted| &attempted.guid), Some(&lost.guid));
                sender.asks.entry(lost.guid.clone()).or_default().push(now);
                sender.attempt(&lost.guid, now.plus_ms(1));
                progress.note_asked(lost, now);
            }
            progress.note_checked(now, left);
            let text = serde_json::to_string(&progress).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Progress>(&text).unwrap(), &progress);
        }
        for asks in sender.asks.values() {
            prop_assert!(asks.len() <= 5);
            prop_assert!(asks.windows(2).all(|two| two[1].ms_since(two[0]) >= PATIENCE_MS), "{asks:?}");
        }
        for number in 1..=made {
            let guid = format!("g{number}");
            let given_up = sender.asks.get(&guid).is_some_and(|asks| asks.len() == 5);
            prop_assert!(sender.accepted(&guid) || given_up, "{guid} is lost");
        }
    }
}

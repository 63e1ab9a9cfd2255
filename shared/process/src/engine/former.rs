//! The file that a former version left when it was killed, taken over by this one: nothing is lost, nothing sent twice.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{BotMessage, Clock as _, Collection, Documents as _, DryRun, History as _};
use bellhop_core::replay::Replay;
use bellhop_core::time::Timestamp;

use super::Engine;
use super::made::engine;

/// When the process of version 2 was killed.
const KILLED_AT: u64 = 1_796_032_042_600;

/// What was shown, in its order.
#[derive(Default)]
struct Shown(Mutex<Vec<(String, String)>>);

impl DryRun for Shown {
    fn show(&self, message: &BotMessage<'_>) {
        self.0.lock().unwrap().push((message.chat.to_owned(), message.text.to_owned()));
    }
}

/// Makes the recorded file, as if the process had been killed a minute ago.
fn restore(folder: &Path) {
    let later = SystemClock.now().as_ms() - 60_000 - KILLED_AT;
    let connection = rusqlite::Connection::open(folder.join("bellhop.db")).unwrap();
    connection.execute_batch(&moved(include_str!("former/recorded_2.sql"), later)).unwrap();
}

/// A dump with all times of the recording, and those that its ids begin with, so many milliseconds later.
fn moved(dump: &str, later: u64) -> String {
    let mut moved = String::new();
    let mut rest = dump;
    while let Some(at) = rest.find(['1', '0']) {
        moved.push_str(&rest[..at]);
        rest = &rest[at..];
        let time = rest.get(..13).filter(|time| time.starts_with("179603"));
        let id = rest.get(..13).filter(|id| id.starts_with("01a22b"));
        if let Some(ms) = time.and_then(|time| time.parse::<u64>().ok()) {
            moved.push_str(&(ms + later).to_string());
        } else if let Some(ms) = id.and_then(|id| u64::from_str_radix(&id.replace('-', ""), 16).ok()) {
            let hex = format!("{:012x}", ms + later);
            moved.push_str(&format!("{}-{}", &hex[..8], &hex[8..]));
        } else {
            moved.push_str(&rest[..1]);
            rest = &rest[1..];
            continue;
        }
        rest = &rest[13..];
    }
    moved + rest
}

#[tokio::test]
async fn what_a_process_of_version_2_left_is_carried_on() {
    let folder = tempfile::tempdir().unwrap();
    restore(folder.path());
    let shown = Arc::new(Shown::default());
    let mut parts = engine(folder.path());
    Arc::get_mut(&mut parts.telegram).unwrap().worker.dry_run = shown.clone();
    let database = parts.database.clone();
    let (inbox, work) =
        (database.oldest_messages(99).unwrap().len(), database.group_work("telegram", "3", 99).unwrap().len());
    assert_eq!((inbox, work), (16, 2), "what the recording holds");

    let running = Engine::start(parts).unwrap();
    let is_idle = || database.oldest_messages(1).unwrap().is_empty() && database.groups("telegram").unwrap().is_empty();
    for _ in 0..1_000 {
        if is_idle() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    running.stop();
    assert!(is_idle(), "{:?}", shown.0.lock().unwrap());

    // What had arrived or died does not come again; all else comes once, to its chat.
    let mut times: BTreeMap<(String, String), u32> = BTreeMap::new();
    for (chat, text) in shown.0.lock().unwrap().iter() {
        for message in text.lines().filter(|line| !line.is_empty()) {
            *times.entry((chat.clone(), message.to_owned())).or_default() += 1;
        }
    }
    let burst = (10..26).map(|n| if n % 2 == 1 { ("1", format!("well {n}")) } else { ("3", format!("down {n}")) });
    let waiting = [("3", "down 1".to_owned()), ("3", "down 2".to_owned())];
    let expected = burst.chain(waiting).map(|(chat, message)| ((chat.to_owned(), message), 1)).collect();
    assert_eq!(times, expected);

    let page = database.events(None, Timestamp::from_ms(0), 99).await.unwrap();
    let mut ends: BTreeMap<(&str, u32), usize> = BTreeMap::new();
    for task in page.items.iter().flat_map(|recorded| &recorded.tasks) {
        *ends.entry((task.status.as_str(), task.retries)).or_default() += 1;
    }
    // The dead one was retried once; a success before, its replay, and the eighteen of now.
    assert_eq!((page.items.len(), ends), (20, BTreeMap::from([(("dead", 1), 1), (("succeeded", 0), 20)])));
    let replays = database.documents(Collection::Replay).await.unwrap();
    let replay: Replay = serde_json::from_str(&replays[0].1.text).unwrap();
    assert_eq!((replays.len(), replay.tasks, replay.finished_at.is_some()), (1, 1, true));
}

use bellhop_app::ports::SendWork as _;
use bellhop_core::action::Kind;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::*;

/// What the file says.
fn in_hand(folder: &Path) -> String {
    String::from_utf8(std::fs::read(folder.join("in-hand")).unwrap()).unwrap().trim_end().to_owned()
}

/// Leaves the file as a process does that ended at this, by itself or not.
fn end(folder: &Path, name: &str, aborted: bool) {
    let mark = if aborted { "X" } else { "" };
    std::fs::write(folder.join("in-hand"), format!("{name:NAME_BYTES$}{mark}")).unwrap();
}

/// A database with three messages, and three pieces of work for each of two chats, in turn.
async fn stage(folder: &Path) -> Database {
    let database = Database::open(folder).unwrap();
    for number in 1..=3 {
        database.put_bytes(vec![number]).await.unwrap();
    }
    let (hook, never) = (HookId::from_text("hk_1"), Timestamp::from_ms(u64::MAX));
    for number in 0..6 {
        let event = EventId::new(Timestamp::from_ms(5), &[number; 10]);
        let (id, chat) = (TaskId::new(event, &hook, 0), ["5", "6"][usize::from(number % 2)]);
        let task = Task::queued(id, Kind::Telegram, chat, never, never);
        database.send(&[Work::telegram(task, Vec::new())]).await.unwrap();
    }
    database
}

#[tokio::test]
async fn a_name_stands_in_the_file_while_its_work_computes_and_not_while_it_waits() {
    let folder = tempfile::tempdir().unwrap();
    let database = stage(folder.path()).await;
    let crashes = Crashes::open(&database).await.unwrap();
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let work = crashes.at(Subject::Message(2), async {
        assert_eq!(in_hand(folder.path()), "message 2");
        wait.await.unwrap();
        assert_eq!(in_hand(folder.path()), "message 2", "after it had waited");
    });
    let look = async {
        assert_eq!(in_hand(folder.path()), "", "while it waits");
        go.send(()).unwrap();
    };
    tokio::join!(work, look);
    assert_eq!(in_hand(folder.path()), "");
    let panic = crashes.at(Subject::Message(3), async { panic!("as this test wants it") });
    let panic: Result<(), _> = futures_util::FutureExt::catch_unwind(std::panic::AssertUnwindSafe(panic)).await;
    assert!(panic.is_err() && in_hand(folder.path()).is_empty(), "a panic leaves no name");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&folder.path().join("in-hand").metadata().unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn two_aborts_or_three_kills_condemn_what_was_computed_and_nothing_else() {
    for (aborted, ends) in [(true, 2), (false, 3)] {
        let folder = tempfile::tempdir().unwrap();
        let database = stage(folder.path()).await;
        for number in 1..=ends {
            end(folder.path(), "message 2", aborted);
            let crashes = Crashes::open(&database).await.unwrap();
            assert_eq!(crashes.messages(), [2]);
            assert_eq!(crashes.condemns(Subject::Message(2)).is_some(), number == ends, "after {number}, {aborted}");
            assert_eq!(crashes.condemns(Subject::Message(1)), None);
            assert_eq!(in_hand(folder.path()), "", "one end is counted once");
        }
        // What is gone is forgotten, and so is what stood against it.
        database.forget_messages(vec![2]).await.unwrap();
        assert!(database.suspects().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn of_a_turn_all_work_of_the_chat_is_suspected_and_goes_alone() {
    let folder = tempfile::tempdir().unwrap();
    let database = stage(folder.path()).await;
    end(folder.path(), "work 1-3", true);
    let crashes = Crashes::open(&database).await.unwrap();
    let suspected = (1..=6).map(|place| crashes.suspects(Subject::one_work(place)));
    assert_eq!(suspected.collect::<Vec<_>>(), [true, false, true, false, false, false], "the odd ones are the chat's");
    end(folder.path(), "work 3-3", true);
    let crashes = Crashes::open(&database).await.unwrap();
    let condemned = (1..=6).map(|place| crashes.condemns(Subject::one_work(place)).is_some());
    assert_eq!(condemned.collect::<Vec<_>>(), [false, false, true, false, false, false]);
    database.forget_work(vec![3]).await.unwrap();
    assert_eq!(database.suspects().await.unwrap().into_keys().collect::<Vec<_>>(), [Subject::one_work(1)]);
}

#[tokio::test]
async fn a_kill_that_hits_several_messages_of_a_chat_slows_them_down_only_when_it_comes_again() {
    let folder = tempfile::tempdir().unwrap();
    let database = stage(folder.path()).await;
    let suspected = async || {
        end(folder.path(), "work 1-5", false);
        let crashes = Crashes::open(&database).await.unwrap();
        (1..=6).map(|place| crashes.suspects(Subject::one_work(place))).collect::<Vec<_>>()
    };
    assert_eq!(suspected().await, [false; 6]);
    assert_eq!(suspected().await, [true, false, true, false, true, false]);
}

#[tokio::test]
async fn nothing_is_blamed_for_an_end_without_a_name_for_one_that_is_gone_or_for_nonsense() {
    let folder = tempfile::tempdir().unwrap();
    let database = stage(folder.path()).await;
    for name in ["", "message 9", "work 9-9", "work 3-1", "message x", "nonsense", "event 1", "message 2-"] {
        end(folder.path(), name, true);
        let crashes = Crashes::open(&database).await.unwrap();
        assert_eq!((crashes.messages(), database.suspects().await.unwrap().len()), (vec![], 0), "{name}");
    }
    std::fs::write(folder.path().join("in-hand"), [0xff; 300]).unwrap();
    assert!(Crashes::open(&database).await.unwrap().messages().is_empty());
}

#[test]
fn names_are_read_as_they_are_written() {
    for subject in [Subject::Message(1), Subject::Aside(i64::MAX), Subject::Work(i64::MAX, i64::MAX)] {
        let name = subject.to_string();
        assert!(name.len() <= NAME_BYTES, "{name}");
        assert_eq!(Subject::read(&name), Some(subject));
    }
}

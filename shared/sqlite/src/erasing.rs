//! What is erased is gone from the disk: from the file, its free pages and its log.

use std::path::Path;

use bellhop_app::ports::{
    Collection, Documents as _, EventLog as _, History as _, Inbox as _, NewDocument, Vault as _,
};
use bellhop_core::event::Event;
use bellhop_core::id::{EventId, HookId};
use bellhop_core::inbox::Message;
use bellhop_core::secret::Secret;
use bellhop_core::time::Timestamp;

use crate::Database;

/// What is looked for; long enough for pages of its own, and like nothing else in the file.
fn canary(name: &str) -> String {
    format!("canary-{name}-7f3a9c").repeat(600)
}

/// Whether a text stands in any file of the folder.
fn holds(folder: &Path, text: &str) -> bool {
    // One repetition is enough: the others may be on other pages.
    let word = &text.as_bytes()[..text.len() / 600];
    let files = std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read(entry.unwrap().path()).unwrap());
    let files: Vec<_> = files.collect();
    files.iter().any(|bytes| bytes.windows(word.len()).any(|window| window == word))
}

/// An event whose header holds a text, which no compression hides as it would in a body.
async fn record(database: &Database, number: u8, text: &str, expires: Timestamp) -> EventId {
    let id = EventId::new(database.now(), &[number; 10]);
    let head = serde_json::json!({
        "id": id, "path": "p", "sender": "github", "received_at": 0, "headers": [["x-canary", text]],
        "hooks": [], "body_bytes": 2,
    });
    let event = Event { head: serde_json::from_value(head).unwrap(), body: b"{}".to_vec() };
    database.record(&event, &[], expires).await.unwrap();
    id
}

#[tokio::test]
async fn nothing_that_was_erased_is_left_in_any_file() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(folder.path()).unwrap();
    let (now, later) = (database.now(), database.now().plus_ms(60_000));
    let text = ["content", "event", "expired", "secret", "offer", "claimed", "message"].map(canary);
    let [content, event, expired, secret, offer, claimed, message] = &text;

    let erased = record(&database, 1, content, later).await;
    let deleted = record(&database, 2, event, later).await;
    record(&database, 3, expired, now).await;
    database.keep("hk_1-1", &Secret::new(secret.clone()).unwrap()).await.unwrap();
    let document = |key, text| NewDocument { collection: Collection::Offer, key, text, expires: Some(later) };
    database.swap(&document("erased", offer), None).await.unwrap();
    database.swap(&document("claimed", claimed), None).await.unwrap();
    put(&database, 4, message).await;
    for text in &text {
        assert!(holds(folder.path(), text), "{} was never there", &text[..14]);
    }

    // A message that was routed is no erasing of its own; it goes with the next.
    let places = database.oldest_messages(9).unwrap().into_iter().map(|(place, _)| place).collect();
    database.forget_messages(places).await.unwrap();
    assert!(database.erase(erased, now).await.unwrap());
    assert!(!holds(folder.path(), content) && !holds(folder.path(), message));
    database.delete(deleted).await.unwrap();
    assert!(!holds(folder.path(), event));
    database.forget(&["hk_1-1".to_owned()]).await.unwrap();
    assert!(!holds(folder.path(), secret));
    database.delete_document(Collection::Offer, "erased").await.unwrap();
    assert!(!holds(folder.path(), offer));
    database.swap(&document("claimed", "{}"), Some(1)).await.unwrap();
    assert!(!holds(folder.path(), claimed));
    database.purge(now).await.unwrap();
    assert!(!holds(folder.path(), expired));
}

/// Puts a message whose body is a text.
async fn put(database: &Database, number: u8, text: &str) {
    let message = Message {
        id: EventId::new(database.now(), &[number; 10]),
        path: "p",
        sender: "github",
        event_type: None,
        delivery_id: None,
        received_at: database.now(),
        source_ip: None,
        query: None,
        headers: Vec::new(),
        owners: vec![bellhop_core::event::Proof::new(HookId::from_text("hk_1"), None)],
        body: text.as_bytes(),
        test: false,
    };
    database.put(&message).await.unwrap();
}

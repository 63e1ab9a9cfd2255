//! Notes in memory.

use async_trait::async_trait;
use bellhop_core::time::Timestamp;

use super::{Memory, World};
use crate::ports::{NewNote, Note, Notebook, PortResult, Topic};

/// Where a note is.
pub(super) type Place = (Topic, String);

/// A note, and when it expires, if ever.
pub(super) struct Kept {
    note: Note,
    expires: Option<Timestamp>,
}

impl Kept {
    /// Whether it is still there.
    fn lives(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| expires > now)
    }
}

impl World {
    /// The note at a place, unless it has expired.
    fn note(&self, place: &Place, now: Timestamp) -> Option<&Note> {
        self.notes.get(place).filter(|kept| kept.lives(now)).map(|kept| &kept.note)
    }

    /// Writes a note.
    fn write(&mut self, new: &NewNote<'_>, version: u64) {
        let note = Note { text: new.text.to_owned(), version };
        self.notes.insert((new.topic, new.key.to_owned()), Kept { note, expires: new.expires });
    }
}

#[async_trait]
impl Notebook for Memory {
    async fn note(&self, topic: Topic, key: &str) -> PortResult<Option<Note>> {
        self.call("note", |world, now| world.note(&(topic, key.to_owned()), now).cloned()).await
    }

    async fn notes(&self, topic: Topic) -> PortResult<Vec<(String, Note)>> {
        self.call("notes", |world, now| {
            let of_topic = world.notes.iter().filter(|((of, _), kept)| *of == topic && kept.lives(now));
            of_topic.map(|((_, key), kept)| (key.clone(), kept.note.clone())).collect()
        })
        .await
    }

    async fn write(&self, note: &NewNote<'_>) -> PortResult<()> {
        self.call("write", |world, now| {
            let version = world.note(&(note.topic, note.key.to_owned()), now).map_or(0, |note| note.version);
            world.write(note, version + 1);
        })
        .await
    }

    async fn swap(&self, note: &NewNote<'_>, version: Option<u64>) -> PortResult<bool> {
        self.call("swap", |world, now| {
            let found = world.note(&(note.topic, note.key.to_owned()), now).map(|note| note.version);
            if found == version {
                world.write(note, version.unwrap_or_default() + 1);
            }
            found == version
        })
        .await
    }

    async fn erase_note(&self, topic: Topic, key: &str) -> PortResult<bool> {
        self.call("erase_note", |world, now| {
            let was_there = world.note(&(topic, key.to_owned()), now).is_some();
            world.notes.remove(&(topic, key.to_owned()));
            was_there
        })
        .await
    }
}

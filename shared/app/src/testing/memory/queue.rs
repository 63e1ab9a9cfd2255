//! A queue as SQS keeps it: at least once, with visibility, receive counts and a dead-letter queue; in order for each
//! group where it has groups.

use std::collections::{HashMap, HashSet};

use bellhop_core::time::Timestamp;

/// How long a queue with groups knows a message's key.
const KEYS_KNOWN_MS: u64 = 5 * 60 * 1000;

/// A queue.
#[derive(Debug, Default)]
pub struct Queue {
    messages: Vec<Message>,
    keys: HashMap<String, Timestamp>,
    numbered: u64,
    has_groups: bool,
    /// How long a message that was received stays out of sight, in milliseconds.
    pub visibility_ms: u64,
    /// After how many receipts a message is dead.
    pub most_receipts: u32,
    /// The bodies of messages that were received too often.
    pub dead: Vec<String>,
    /// The keys of all messages that were ever put, in their order.
    pub put_keys: Vec<String>,
}

#[derive(Debug)]
struct Message {
    id: u64,
    body: String,
    group: String,
    visible_at: Timestamp,
    receipts: u32,
}

/// A message that was received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// The queue's id for it.
    pub id: String,
    /// The receipt by which it is deleted or postponed.
    pub receipt: String,
    /// The message.
    pub body: String,
    /// Its group, if the queue has any.
    pub group: Option<String>,
    /// How often it has been received.
    pub receipts: u32,
}

impl Queue {
    /// A queue without groups, as the inbox is deployed.
    pub fn inbox() -> Self {
        Self { visibility_ms: 180_000, most_receipts: 5, ..Self::default() }
    }

    /// A queue with groups, as the Telegram queue is deployed.
    pub fn fifo() -> Self {
        Self { visibility_ms: 360_000, most_receipts: 1000, has_groups: true, ..Self::default() }
    }

    /// Puts a message; one whose key is known is there already.
    pub fn put(&mut self, body: String, group: &str, key: &str, now: Timestamp) {
        if self.has_groups {
            self.keys.retain(|_, put_at| now.ms_since(*put_at) < KEYS_KNOWN_MS);
            if self.keys.contains_key(key) {
                return;
            }
            self.keys.insert(key.to_owned(), now);
        }
        self.put_keys.push(key.to_owned());
        self.numbered += 1;
        let group = group.to_owned();
        self.messages.push(Message { id: self.numbered, body, group, visible_at: now, receipts: 0 });
    }

    /// Puts a message into a queue without groups that comes into sight in so many seconds.
    pub fn put_later(&mut self, body: String, seconds: u64, now: Timestamp) {
        self.put(body, "", "", now.plus_ms(seconds.saturating_mul(1000)));
    }

    /// Receives messages. Of a queue without groups any may come first: `pick` says which of so many it is.
    pub fn receive(&mut self, most: usize, now: Timestamp, pick: impl FnMut(usize) -> usize) -> Vec<Received> {
        self.receive_of(|_| true, most, now, pick)
    }

    /// The same, of messages with such a body alone: this stands for several queues.
    pub fn receive_of(
        &mut self,
        is_wanted: impl Fn(&str) -> bool,
        most: usize,
        now: Timestamp,
        mut pick: impl FnMut(usize) -> usize,
    ) -> Vec<Received> {
        let mut received = Vec::new();
        let mut visible = self.visible(is_wanted, now);
        while received.len() < most && !visible.is_empty() {
            let places = if self.has_groups { self.firsts(&visible) } else { visible.clone() };
            let place = places[pick(places.len()) % places.len()];
            visible.retain(|other| *other != place);
            if self.messages[place].receipts >= self.most_receipts {
                self.dead.push(self.messages.remove(place).body);
                visible.iter_mut().filter(|other| **other > place).for_each(|other| *other -= 1);
                continue;
            }
            let message = &mut self.messages[place];
            message.receipts += 1;
            message.visible_at = now.plus_ms(self.visibility_ms);
            received.push(Received {
                id: message.id.to_string(),
                receipt: format!("{}/{}", message.id, message.receipts),
                body: message.body.clone(),
                group: self.has_groups.then(|| message.group.clone()),
                receipts: message.receipts,
            });
        }
        received
    }

    /// The places of the messages that may be received. A group with a message out of sight is held back, but for those that
    /// come along in one batch.
    fn visible(&self, is_wanted: impl Fn(&str) -> bool, now: Timestamp) -> Vec<usize> {
        let in_sight = self.messages.iter().enumerate().filter(|(_, message)| message.visible_at <= now);
        let mut visible: Vec<_> = in_sight.map(|(at, _)| at).collect();
        if self.has_groups && !visible.is_empty() {
            let out_of_sight = self.messages.iter().filter(|message| message.visible_at > now);
            let held: HashSet<_> = out_of_sight.map(|message| message.group.as_str()).collect();
            visible.retain(|at| !held.contains(self.messages[*at].group.as_str()));
        }
        visible.retain(|at| is_wanted(&self.messages[*at].body));
        visible
    }

    /// Of these places, those of the first message of each group.
    fn firsts(&self, places: &[usize]) -> Vec<usize> {
        let mut groups = HashSet::new();
        places.iter().copied().filter(|at| groups.insert(self.messages[*at].group.as_str())).collect()
    }

    /// Deletes a message that was received; with groups, an old receipt deletes nothing.
    pub fn delete(&mut self, receipt: &str, now: Timestamp) {
        let groups = self.has_groups;
        self.messages.retain(|message| match groups {
            true => !(is_of(message, receipt) && message.visible_at > now),
            false => receipt.split('/').next() != Some(&message.id.to_string()),
        });
    }

    /// Sets when a message that was received comes into sight again.
    pub fn postpone(&mut self, receipt: &str, seconds: u64, now: Timestamp) {
        let message = self.messages.iter_mut().find(|message| is_of(message, receipt) && message.visible_at > now);
        if let Some(message) = message {
            message.visible_at = now.plus_ms(seconds.saturating_mul(1000));
        }
    }

    /// Whether a receipt is still the latest one of a message that is there.
    pub fn holds(&self, receipt: &str) -> bool {
        self.messages.iter().any(|message| is_of(message, receipt))
    }

    /// When the next message comes into sight, if one is out of it.
    pub fn next_visible(&self, now: Timestamp) -> Option<Timestamp> {
        self.messages.iter().map(|message| message.visible_at).filter(|at| *at > now).min()
    }

    /// The bodies of all messages there are, in the order they were put.
    pub fn bodies(&self) -> Vec<String> {
        self.messages.iter().map(|message| message.body.clone()).collect()
    }

    /// The bodies of all messages there are, in the order they were put, each with when it comes into sight.
    pub fn visible_at(&self) -> Vec<(String, Timestamp)> {
        self.messages.iter().map(|message| (message.body.clone(), message.visible_at)).collect()
    }

    /// How many messages there are.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Takes all messages out.
    pub fn take_all(&mut self) -> Vec<String> {
        self.messages.drain(..).map(|message| message.body).collect()
    }
}

/// Whether a receipt is the latest one of a message.
fn is_of(message: &Message, receipt: &str) -> bool {
    format!("{}/{}", message.id, message.receipts) == receipt
}

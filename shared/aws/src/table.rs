//! The one table: its keys, and how documents stand in it.
//!
//! | partition | sort | what |
//! |---|---|---|
//! | `HOOKS` | hook id | a hook |
//! | `HOOKS` | `#SETTINGS` | what holds for all hooks |
//! | `EVENT#<day>#<shard>` | event id | an event with its tasks as they were made, by the day (UTC) of its id |
//! | `TASK#<day>#<shard>` | task id | a task that something was written down of since, by the day of its event |
//! | `TASK#<kind>:<destination>` | event id | what came of a turn at a destination that keeps a pace (`turns`) |
//! | `REFUSED#<day>#<shard>` | its id | a refused request |
//! | `DAYS#<kind>` | day and shard | that this shard of the day has rows of the kind |
//! | `TROUBLE#<status>#<shard>` | task id | that a task is dead, or failed and will be tried again |
//! | `SEEN#<sha256>` | `#` | who claimed a sender's delivery for an owner |
//! | `NOTE#<collection>` | key | a document |
//! | `due#<shard>` | moment, job, version, due time | a due time of a job that is to be acted on at that moment |
//! | `TALLY` | owner's id | how often an owner had an event |
//!
//! The shard is made of the event's id, and that of a due time of its job's. Versions before had none: their rows stand in `EVENT#<day>` and so on, and are read
//! for as long as they live. A row of trouble may be out of date and is held against its task.
//!
//! A row of an event or a task that was deleted has the attribute `deleted` and nothing else, for as long as a message
//! about it may be on a queue.
//!
//! All but hooks, settings, counts, due times and some documents end at `expires_at`. The service deletes them days later, so readers
//! look at it too.

use std::sync::Arc;

use bellhop_app::ports::{Clock, DELETED_KNOWN_MS, PortError, PortResult};
use bellhop_core::id::EventId;
use bellhop_core::time::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Aws;
use crate::days::Days;
use crate::refusal::{Refusal, failed};
use crate::request::{ALL_OLD, Answer, DELETE, GET, PUT, QUERY, Request, values};
use crate::service::Service;
use crate::value::Value;

pub(crate) use crate::key::Key;
pub(crate) use crate::value::Row;

/// From how old on an event may have been recorded by a version before shards.
const LATE_MS: u64 = 5_000;

/// The attribute of a row that is a mark: what was here is deleted.
pub(crate) const DELETED: &str = "deleted";

/// The table.
#[derive(Clone)]
pub struct Table {
    pub(crate) service: Service,
    /// The way to the SDK's client, for what is asked seldom.
    pub(crate) aws: Aws,
    pub(crate) name: String,
    pub(crate) clock: Arc<dyn Clock>,
    /// What this process has marked of days.
    pub(crate) days: Arc<Days>,
}

impl Table {
    /// The table of this name.
    pub(crate) fn new(service: Service, aws: Aws, name: String, clock: Arc<dyn Clock>) -> Self {
        Self { service, aws, name, clock, days: Arc::default() }
    }

    /// A request about this table, without any other field.
    pub(crate) fn request(&self) -> Request<'_> {
        Request { table_name: &self.name, ..Request::default() }
    }

    /// Asks for an operation.
    pub(crate) async fn ask(&self, operation: &'static str, request: &Request<'_>) -> Result<Answer, Refusal> {
        self.service.ask(operation, request).await
    }

    /// Whether rows of an event may be of a version before shards: until it is so old, nothing has had a reason to come
    /// twice.
    pub(crate) fn is_late(&self, event: EventId) -> bool {
        self.clock.now().ms_since(event.accepted_at()) > LATE_MS
    }

    /// The row at a key, unless it has expired.
    pub(crate) async fn row(&self, key: &Key) -> PortResult<Option<Row>> {
        let request = Request { key: key.row(), consistent_read: true, ..self.request() };
        let row = self.ask(GET, &request).await.map_err(failed("a row could not be read"))?.item;
        // Nothing is an empty row to some.
        Ok(row.filter(|row| !row.is_empty() && self.is_there(row)))
    }

    /// The rows of a partition, by their sort keys, without those that have expired; only those from one sort key to
    /// another where they are given.
    pub(crate) async fn rows(&self, pk: &str, between: Option<(&str, &str)>) -> PortResult<Vec<Row>> {
        let (mut request, mut rows) = (self.query(pk, between), Vec::new());
        loop {
            let page = self.ask(QUERY, &request).await.map_err(failed("rows could not be read"))?;
            rows.extend(page.items.into_iter().filter(|row| self.is_there(row)));
            request.exclusive_start_key = page.last_evaluated_key;
            if request.exclusive_start_key.is_none() {
                return Ok(rows);
            }
        }
    }

    /// A request for the rows of a partition.
    pub(crate) fn query(&self, pk: &str, between: Option<(&str, &str)>) -> Request<'_> {
        let (keys, values) = match between {
            Some((from, to)) => (
                "pk = :pk AND sk BETWEEN :from AND :to",
                values([(":pk", text(pk)), (":from", text(from)), (":to", text(to))]),
            ),
            None => ("pk = :pk", values([(":pk", text(pk))])),
        };
        Request { keys: Some(keys), values, consistent_read: true, ..self.request() }
    }

    /// Writes a row, in place of any other at its key.
    pub(crate) async fn put(&self, row: Row) -> PortResult<()> {
        let request = Request { item: row, ..self.request() };
        self.ask(PUT, &request).await.map(|_| ()).map_err(failed("a row could not be written"))
    }

    /// Writes a row only where a condition holds for the one at its key; says whether it did.
    pub(crate) async fn put_if(&self, row: Row, condition: &str) -> PortResult<bool> {
        let request = Request { item: row, condition: Some(condition.into()), ..self.request() };
        match self.ask(PUT, &request).await {
            Err(refusal) if refusal.is_of_condition() => Ok(false),
            result => result.map(|_| true).map_err(failed("a row could not be written")),
        }
    }

    /// Deletes the row at a key, if there is one; says whether there was one that had not expired.
    pub(crate) async fn delete_row(&self, key: &Key) -> PortResult<bool> {
        let request = Request { key: key.row(), return_values: ALL_OLD, ..self.request() };
        let row = self.ask(DELETE, &request).await.map_err(failed("a row could not be deleted"))?.attributes;
        Ok(row.is_some_and(|row| row.contains_key("pk") && self.is_there(&row)))
    }

    /// Puts a mark in place of a row that is deleted, so that nobody who comes late writes it again.
    pub(crate) async fn mark_deleted(&self, key: &Key) -> PortResult<()> {
        let mut row = key.row();
        row.insert(DELETED.to_owned(), count(1));
        row.insert("expires_at".to_owned(), seconds(self.clock.now().plus_ms(DELETED_KNOWN_MS)));
        self.put(row).await
    }

    /// Whether a row has not expired.
    pub(crate) fn is_there(&self, row: &Row) -> bool {
        let now = self.clock.now().as_seconds();
        number(row, "expires_at").is_none_or(|expires| expires > now)
    }
}

/// A text attribute.
pub(crate) fn text(value: &str) -> Value {
    Value::S(value.to_owned())
}

/// A number attribute.
pub(crate) fn count(value: u64) -> Value {
    Value::N(value.to_string())
}

/// A moment's attribute, in whole seconds as the service wants it for expiry.
pub(crate) fn seconds(moment: Timestamp) -> Value {
    count(moment.as_seconds())
}

/// A document's attribute.
pub(crate) fn document(value: &impl Serialize) -> PortResult<Value> {
    let json = serde_json::to_string(value).map_err(|e| PortError::new("a document cannot be written", e))?;
    Ok(Value::S(json))
}

/// The document in a row's attribute.
pub(crate) fn read_document<T: DeserializeOwned>(row: &Row, name: &str) -> PortResult<T> {
    let json = read_text(row, name)?;
    serde_json::from_str(json).map_err(|e| PortError::unreadable("a stored document", &e))
}

/// A packed attribute.
pub(crate) fn packed(stored: Vec<u8>) -> Value {
    Value::B(stored)
}

/// The packed bytes in a row's attribute.
pub(crate) fn read_packed<'r>(row: &'r Row, name: &str) -> PortResult<&'r [u8]> {
    match row.get(name) {
        Some(Value::B(bytes)) => Ok(bytes),
        _ => Err(PortError::new("a stored row is incomplete", name)),
    }
}

/// The text in a row's attribute.
pub(crate) fn read_text<'r>(row: &'r Row, name: &str) -> PortResult<&'r str> {
    match row.get(name) {
        Some(Value::S(text)) => Ok(text),
        _ => Err(PortError::new("a stored row is incomplete", name)),
    }
}

/// The number in a row's attribute, if it has one.
pub(crate) fn number(row: &Row, name: &str) -> Option<u64> {
    match row.get(name)? {
        Value::N(digits) => digits.parse().ok(),
        _ => None,
    }
}

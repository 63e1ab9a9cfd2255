//! Many rows written or deleted at once: 25 a call, and what the service did not come to is asked for again.
//!
//! Facts: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>.

use std::collections::BTreeMap;

use bellhop_app::ports::{PortError, PortResult};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::{Deserialize, Serialize};
use tokio::time::sleep;

use crate::Table;
use crate::refusal::failed;
use crate::retry::wait;
use crate::value::Row;

/// The operation.
const BATCH_WRITE: &str = "DynamoDB_20120810.BatchWriteItem";

/// How many rows one call may have.
const MOST_ROWS: usize = 25;

/// How many calls are made side by side.
const CALLS_AT_ONCE: usize = 8;

/// How often a call is made until the service has come to all of its rows.
const ATTEMPTS: u32 = 6;

/// What happens to a row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all_fields = "PascalCase")]
pub(crate) enum RowWrite {
    /// It is written, in place of any other at its key.
    #[serde(rename = "PutRequest")]
    Put { item: Row },
    /// The row at this key is deleted, if there is one.
    #[serde(rename = "DeleteRequest")]
    Delete { key: Row },
}

/// A call, by the tables' names.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Batch<'a> {
    request_items: BTreeMap<&'a str, &'a [RowWrite]>,
}

/// What the service did not come to, by the tables' names.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Left {
    unprocessed_items: BTreeMap<String, Vec<RowWrite>>,
}

impl Table {
    /// Writes and deletes rows, in no order, each by itself; no two are of the same key. Where it fails, some are done.
    pub(crate) async fn write_all(&self, writes: &[RowWrite]) -> PortResult<()> {
        let calls: Vec<_> = writes.chunks(MOST_ROWS).map(|some| self.write_some(some.to_vec())).collect();
        stream::iter(calls).buffer_unordered(CALLS_AT_ONCE).try_collect().await
    }

    /// Makes one call, and again with what is left of it.
    async fn write_some(&self, mut writes: Vec<RowWrite>) -> PortResult<()> {
        const WHAT: &str = "rows could not be written";
        for attempt in 1..=ATTEMPTS {
            let batch = Batch { request_items: BTreeMap::from([(self.name.as_str(), writes.as_slice())]) };
            let left: Left = self.service.ask(BATCH_WRITE, &batch).await.map_err(failed(WHAT))?;
            writes = left.unprocessed_items.into_values().flatten().collect();
            if writes.is_empty() {
                return Ok(());
            }
            if attempt < ATTEMPTS {
                sleep(wait(attempt, None)).await;
            }
        }
        Err(PortError::new(WHAT, format_args!("the table was too busy for {} of them", writes.len())))
    }
}

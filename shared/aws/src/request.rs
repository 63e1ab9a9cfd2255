//! What is asked of DynamoDB, and what it answers.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::value::{Row, Value};

/// The operations.
pub(crate) const GET: &str = "DynamoDB_20120810.GetItem";
pub(crate) const QUERY: &str = "DynamoDB_20120810.Query";
pub(crate) const PUT: &str = "DynamoDB_20120810.PutItem";
pub(crate) const UPDATE: &str = "DynamoDB_20120810.UpdateItem";
pub(crate) const DELETE: &str = "DynamoDB_20120810.DeleteItem";

/// The row that was there before a write.
pub(crate) const ALL_OLD: Option<&str> = Some("ALL_OLD");

/// A question about one row, or about a partition's; each operation has some of the fields.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Request<'t> {
    pub(crate) table_name: &'t str,
    /// The row's key.
    #[serde(skip_serializing_if = "Row::is_empty")]
    pub(crate) key: Row,
    /// The row to write.
    #[serde(skip_serializing_if = "Row::is_empty")]
    pub(crate) item: Row,
    /// Which rows of a partition.
    #[serde(rename = "KeyConditionExpression", skip_serializing_if = "Option::is_none")]
    pub(crate) keys: Option<&'static str>,
    /// What to change.
    #[serde(rename = "UpdateExpression", skip_serializing_if = "Option::is_none")]
    pub(crate) update: Option<Cow<'t, str>>,
    /// What must hold for the row that is there.
    #[serde(rename = "ConditionExpression", skip_serializing_if = "Option::is_none")]
    pub(crate) condition: Option<Cow<'t, str>>,
    /// The names that stand for others in expressions.
    #[serde(rename = "ExpressionAttributeNames", skip_serializing_if = "Option::is_none")]
    pub(crate) names: Option<Names>,
    /// The values in expressions.
    #[serde(rename = "ExpressionAttributeValues", skip_serializing_if = "Row::is_empty")]
    pub(crate) values: Row,
    /// Whether all that was written before is seen.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) consistent_read: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) scan_index_forward: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) limit: Option<usize>,
    /// Where to go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) exclusive_start_key: Option<Row>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_values: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) return_values_on_condition_check_failure: Option<&'static str>,
}

/// `until` is a word of the service's own.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Names {
    #[serde(rename = "#until")]
    pub(crate) until: &'static str,
}

/// An answer; each operation has some of the fields.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub(crate) struct Answer {
    /// The row that was read.
    pub(crate) item: Option<Row>,
    /// The rows that were found.
    pub(crate) items: Vec<Row>,
    /// Where to go on, if there is more.
    pub(crate) last_evaluated_key: Option<Row>,
    /// The row that was there before a write.
    pub(crate) attributes: Option<Row>,
}

/// Values in expressions, by the names that stand for them.
pub(crate) fn values<const N: usize>(pairs: [(&str, Value); N]) -> Row {
    pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

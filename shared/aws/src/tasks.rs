//! The record of tasks, in the table.
//!
//! A task's document is written when something was tried. Where it stands and when it is due are attributes of their own,
//! so that a worker takes it by one conditional write; they overrule the document.

use async_trait::async_trait;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{ReturnValue, ReturnValuesOnConditionCheckFailure};
use bellhop_app::ports::{PortError, PortResult, Start, TaskLog};
use bellhop_core::id::TaskId;
use bellhop_core::task::{Task, TaskStatus};
use bellhop_core::time::Timestamp;

use crate::Table;
use crate::error::{code, failed};
use crate::table::{Key, Row, count, document, is_refused, number, read_document, read_text, seconds, text};

/// A worker may take a task that waits, or whose worker's lease has ended.
const MAY_START: &str =
    "expires_at > :today AND (stands IN (:queued, :retrying) OR (stands = :running AND due_at <= :now))";

#[async_trait]
impl TaskLog for Table {
    async fn start(&self, id: &TaskId, now: Timestamp, lease_ends: Timestamp) -> PortResult<Start> {
        let Some(key) = Key::task(id) else { return Ok(Start::Done) };
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.row()))
            .update_expression("SET stands = :running, due_at = :lease")
            .condition_expression(MAY_START)
            .expression_attribute_values(":queued", text(TaskStatus::Queued.as_str()))
            .expression_attribute_values(":retrying", text(TaskStatus::Retrying.as_str()))
            .expression_attribute_values(":running", text(TaskStatus::Running.as_str()))
            .expression_attribute_values(":now", count(now.as_ms()))
            .expression_attribute_values(":today", seconds(now))
            .expression_attribute_values(":lease", count(lease_ends.as_ms()))
            .return_values(ReturnValue::AllNew)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let error = match request.send().await {
            Ok(done) => {
                let row = done.attributes.ok_or_else(|| PortError::new("a task was taken", "without its row"))?;
                return Ok(Start::Go(Box::new(read_task(&row)?)));
            }
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(refusal)) => refused_start(refusal.item(), now),
            _ => Err(failed("a task could not be taken")(error)),
        }
    }

    async fn save(&self, task: &Task) -> PortResult<()> {
        let Some(key) = Key::task(&task.id) else { return Ok(()) };
        let request = self
            .client
            .update_item()
            .table_name(&self.name)
            .set_key(Some(key.row()))
            .update_expression("SET doc = :doc, stands = :stands, due_at = :due")
            .condition_expression("attribute_exists(pk)")
            .expression_attribute_values(":doc", document(task)?)
            .expression_attribute_values(":stands", text(task.status.as_str()))
            .expression_attribute_values(":due", count(task.due_at.as_ms()));
        match request.send().await {
            // It has expired meanwhile, and must not come back as a row that never does.
            Err(error) if is_refused(code(&error)) => Ok(()),
            result => result.map(|_| ()).map_err(failed("a task could not be saved")),
        }
    }

    async fn task(&self, id: &TaskId) -> PortResult<Option<Task>> {
        let Some(key) = Key::task(id) else { return Ok(None) };
        self.row(&key).await?.map(|row| read_task(&row)).transpose()
    }
}

/// A task's row.
pub(crate) fn task_row(task: &Task, expires: Timestamp) -> PortResult<Row> {
    let key = Key::task(&task.id).ok_or_else(|| PortError::new("a task has a foreign id", &task.id))?;
    let mut row = key.row();
    row.insert("doc".to_owned(), document(task)?);
    row.insert("stands".to_owned(), text(task.status.as_str()));
    row.insert("due_at".to_owned(), count(task.due_at.as_ms()));
    row.insert("expires_at".to_owned(), seconds(expires));
    Ok(row)
}

/// The task in a row.
fn read_task(row: &Row) -> PortResult<Task> {
    let mut task: Task = read_document(row, "doc")?;
    task.status = serde_json::from_value(read_text(row, "stands")?.into())
        .map_err(|e| PortError::new("a stored task is unreadable", e))?;
    task.due_at = Timestamp::from_ms(number(row, "due_at").unwrap_or_default());
    Ok(task)
}

/// Why a task could not be taken.
fn refused_start(row: Option<&Row>, now: Timestamp) -> PortResult<Start> {
    let Some(row) = row else { return Ok(Start::Done) };
    let expired = number(row, "expires_at").is_none_or(|expires| expires <= now.as_seconds());
    let task = read_task(row)?;
    match task.status == TaskStatus::Running && !expired {
        true => Ok(Start::Held(task.due_at)),
        false => Ok(Start::Done),
    }
}

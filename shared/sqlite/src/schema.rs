//! The tables: how they are made, and how those of a former version are brought to this one.

use bellhop_app::ports::{PortError, PortResult};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::database::database_error;

/// The version of the tables, kept in the file.
const VERSION: i64 = 5;

/// Makes the tables of this version, or brings those of a former one to it, all or nothing; refuses a later version's.
pub(crate) fn prepare(connection: &mut Connection) -> PortResult<()> {
    let version: i64 =
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).map_err(|e| database_error(&e))?;
    if version > VERSION {
        return Err(PortError::new("the data was written by a later version of Bellhop", format!("version {version}")));
    }
    if version == VERSION {
        return Ok(());
    }
    bring_up(connection).map_err(|e| PortError::new("the tables cannot be brought to this version of Bellhop", e))
}

/// Makes what is missing, and moves over what former versions kept otherwise.
fn bring_up(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    transaction.execute_batch(include_str!("schema/tables.sql"))?;
    // Only version 1 had this table; one that was stopped early had not yet written its version down.
    if transaction.table_exists(None, "chats")? {
        transaction.execute_batch(include_str!("schema/from_1.sql"))?;
    }
    if !transaction.column_exists(None, "tasks", "written")? {
        transaction.execute_batch(include_str!("schema/from_2.sql"))?;
    }
    // Versions 2 and 3 had this table, and version 1 where it was stopped early.
    if transaction.table_exists(None, "notes")? {
        transaction.execute_batch(include_str!("schema/from_3.sql"))?;
    }
    if !transaction.column_exists(None, "tasks", "standing")? {
        transaction.execute_batch(include_str!("schema/standing.sql"))?;
    }
    transaction.execute_batch(include_str!("schema/indices.sql"))?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

#[cfg(test)]
mod tests;

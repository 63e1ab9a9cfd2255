//! What is remembered of chats, in the table.

use async_trait::async_trait;
use bellhop_app::ports::{ChatBook, ChatEntry, PortResult};

use crate::Table;
use crate::table::{Key, document, read_document, seconds};

/// How long a chat that nothing is sent to is remembered: it may have moved, and would be looked for in vain.
const REMEMBERED_MS: u64 = 400 * 24 * 60 * 60 * 1000;

#[async_trait]
impl ChatBook for Table {
    async fn entry(&self, key: &str) -> PortResult<Option<ChatEntry>> {
        self.row(&Key::chat(key)).await?.map(|row| read_document(&row, "doc")).transpose()
    }

    async fn set_entry(&self, key: &str, entry: &ChatEntry) -> PortResult<()> {
        let mut row = Key::chat(key).row();
        row.insert("doc".to_owned(), document(entry)?);
        row.insert("expires_at".to_owned(), seconds(self.clock.now().plus_ms(REMEMBERED_MS)));
        self.put(row).await
    }
}

//! How often a message ended the function that had it in hand.
//!
//! A message that comes for the first time is not counted: that would be a write for each. One that comes again may have
//! failed, or it may have ended the function and been in company when that happened; from then on it is counted in the table
//! before it is handled, alone, and its count is taken back once the function has survived it.

use bellhop_app::ports::{Clock, Collection, Documents, NewDocument, PortResult};

use crate::batch::Record;

/// Why a message is set aside.
pub(crate) const REASON: &str = "handling it ended the function again and again";

/// For how long a count is kept, in milliseconds: 14 days, as long as any queue keeps a message.
const KEPT_MS: u64 = 14 * 24 * 60 * 60 * 1000;

/// The counts, in the table.
pub(crate) struct Crashes<'a> {
    pub(crate) documents: &'a dyn Documents,
    pub(crate) clock: &'a dyn Clock,
}

impl Crashes<'_> {
    /// How often a function ended with this message in hand alone, as far as it was counted.
    pub(crate) async fn count(&self, record: &Record) -> PortResult<u32> {
        let document = self.documents.document(Collection::Crash, &record.message_id).await?;
        Ok(document.and_then(|document| document.text.parse().ok()).unwrap_or_default())
    }

    /// Counts one more, before the message is handled.
    pub(crate) async fn begin(&self, record: &Record, count: u32) -> PortResult<()> {
        let (text, expires) = ((count + 1).to_string(), self.clock.now().plus_ms(KEPT_MS));
        self.write(record, &text, expires).await
    }

    /// Takes the count back to what it was: the function lives, whatever came of the message.
    pub(crate) async fn survived(&self, record: &Record, count: u32) {
        // What is nothing is as good as expired.
        let kept_ms = if count == 0 { 0 } else { KEPT_MS };
        let (text, expires) = (count.to_string(), self.clock.now().plus_ms(kept_ms));
        for last in [false, true] {
            match self.write(record, &text, expires).await {
                Ok(()) => return,
                Err(error) if last => {
                    log::warn!(message_id = record.message_id.as_str(), error:%; "a message stays under suspicion that is not");
                }
                Err(_) => {}
            }
        }
    }

    /// Writes a count.
    async fn write(&self, record: &Record, text: &str, expires: bellhop_core::time::Timestamp) -> PortResult<()> {
        let document =
            NewDocument { collection: Collection::Crash, key: &record.message_id, text, expires: Some(expires) };
        self.documents.write(&document).await
    }
}

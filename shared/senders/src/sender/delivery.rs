//! What makes two requests of a sender one delivery.

use super::{Place, Sender};
use crate::time::DAY_MS;

/// For how many days a delivery is remembered; senders that repeat it for longer say so in their row.
const DAYS: u32 = 7;

/// For how many seconds equal content is one delivery where no id tells deliveries apart.
pub const WINDOW_SECONDS: u64 = 300;

/// The same where nothing signs the content: whoever has the secret may well mean the same thing twice.
const UNSIGNED_WINDOW_SECONDS: u64 = 30;

/// What has to agree for two requests to be one delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SameDelivery {
    /// The delivery id and the content.
    Both,
    /// The delivery id.
    Id,
    /// The content.
    Content,
}

impl Sender {
    /// What makes two of its requests one delivery, and for how long, in words.
    pub fn repeats_in_words(&self) -> String {
        let basis = match (self.delivery_id, self.same_delivery()) {
            (Place::Nowhere, _) if self.window_ms() == 0 => {
                return "nothing: it may say the same of two events".to_owned();
            }
            (Place::Nowhere, _) if self.window_ms() < DAY_MS => {
                return format!("{} within {} seconds", self.content_in_words(), self.window_ms() / 1000);
            }
            (Place::Nowhere, _) => self.content_in_words(),
            (_, SameDelivery::Both) => format!("the delivery id and {}", self.content_in_words()),
            (_, SameDelivery::Id) => "the delivery id".to_owned(),
            (_, SameDelivery::Content) if self.repeat().other_id => {
                format!("{}, as a retry has another delivery id", self.content_in_words())
            }
            (_, SameDelivery::Content) => {
                format!("{}, as nothing proves the delivery id", self.content_in_words())
            }
        };
        format!("{basis}, for {} days", self.remembered_ms() / DAY_MS)
    }

    /// What counts as content, in words.
    fn content_in_words(&self) -> String {
        let named = |names: &[&str]| names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let mut words = if self.signs_fields().is_some() { "the signed fields" } else { "the body" }.to_owned();
        let changes: Vec<_> = self.changing_fields().collect();
        if !changes.is_empty() {
            words += &format!(" without {}", named(&changes));
        }
        if !self.repeat().headers.is_empty() {
            words += &format!(" with {}", named(self.repeat().headers));
        }
        words
    }

    /// What has to agree where a request has a delivery id and the hook does not say.
    pub fn same_delivery(&self) -> SameDelivery {
        // Within the tolerance of the time that is signed, a captured request can be sent with another id; later not.
        match self.holds_id() && !self.repeat().other_id {
            true if self.repeat().changes == ["*"] => SameDelivery::Id,
            true => SameDelivery::Both,
            false => SameDelivery::Content,
        }
    }

    /// For how long its deliveries are remembered, in milliseconds: a day longer than it repeats them, and 7 days at the
    /// least.
    pub fn remembered_ms(&self) -> u64 {
        let days = self.repeat().days.map_or(DAYS, |days| days.saturating_add(1).max(DAYS));
        u64::from(days) * DAY_MS
    }

    /// For how long equal content without an id is one delivery, in milliseconds.
    pub fn window_ms(&self) -> u64 {
        let usual = if self.signs_nothing() { UNSIGNED_WINDOW_SECONDS } else { WINDOW_SECONDS };
        match (self.repeat().window_seconds, self.delivery_id, self.repeat().days) {
            (Some(seconds), ..) => u64::from(seconds) * 1000,
            // A sender without ids that is known to repeat for days says in its content when it was.
            (None, Place::Nowhere, Some(_)) => self.remembered_ms(),
            (None, ..) => usual * 1000,
        }
    }

    /// The fields of the body that it changes when it delivers again.
    pub fn changing_fields(&self) -> impl Iterator<Item = &'static str> {
        let of_signing = [self.clock_field(), self.proof_field()].into_iter().flatten();
        self.repeat().changes.iter().copied().chain(of_signing)
    }
}

//! Bodies of more events than a sender's sample, kept with the table to try hooks and texts out.

use serde::Deserialize;
use serde_json::Value;

use super::{CASES, Sender};

/// A body that a sender sends, with invented values.
#[derive(Debug, Deserialize)]
pub struct Case {
    /// Its event's type; `None` where the sender's events need none.
    #[serde(default)]
    pub event: Option<String>,
    /// Headers that it needs besides, by lower-case name.
    #[serde(default)]
    pub headers: Vec<(String, String)>,
    /// The body.
    pub payload: Value,
}

impl Sender {
    /// The bodies that are kept of this sender, besides its sample.
    pub fn cases(&self) -> Vec<Case> {
        CASES.get(self.at).and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_body_is_read() {
        let mut read = 0;
        for (sender, text) in Sender::all().iter().zip(CASES) {
            let written: Vec<Value> = serde_json::from_str(text).unwrap();
            assert_eq!(sender.cases().len(), written.len(), "{}", sender.name);
            read += written.len();
        }
        assert!(read > 100, "{read}");
        let push =
            Sender::named("github").unwrap().cases().into_iter().find(|case| case.event.as_deref() == Some("push"));
        assert!(push.unwrap().payload["commits"].is_array());
    }
}

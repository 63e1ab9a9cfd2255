//! An event that a server has stored, as the request it was.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bellhop_api::view::EventView;
use bellhop_core::event::REDACTED;
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;

use super::request::Saved;
use crate::failure::Failure;
use crate::server::{Server, encoded};

/// A stored event.
pub(super) struct Stored {
    /// The request, as far as it was stored.
    pub(super) saved: Saved,
    /// The sender it came from.
    pub(super) sender: String,
    /// When it came in.
    pub(super) received_at: Timestamp,
}

/// Gets an event from a server.
pub(super) fn event(server: &Server, id: &str) -> Result<Stored, Failure> {
    let event: EventView = server.call("GET", &format!("/api/events/{}", encoded(id)), None)?;
    let Some(body) = event.body else {
        return Err(Failure("the event's content was erased: nothing is left to look at".to_owned()));
    };
    if event.body_cut {
        return Err(Failure("the event's body is too long for the API to show whole".to_owned()));
    }
    let body = match event.body_encoding.as_ref() {
        "base64" => STANDARD.decode(body).map_err(|why| Failure::new("the event's body cannot be read", why))?,
        _ => body.into_bytes(),
    };
    let headers = event.headers.into_iter().map(|header| (header.name, header.value.into_bytes()));
    let received_at = Timestamp::from_rfc3339(&event.head.received_at).unwrap_or_default();
    let url = format!("/webhook/{}", event.head.path.unwrap_or_default());
    let saved = Saved { method: "POST".to_owned(), url, headers: headers.collect(), body };
    Ok(Stored { saved, sender: event.head.sender, received_at })
}

impl Stored {
    /// What cannot be checked, because it was not stored.
    pub(super) fn notes(&self, sender: &Sender) -> Vec<String> {
        let hidden = self.saved.headers.iter().filter(|(_, value)| value == REDACTED.as_bytes());
        let names: Vec<_> = hidden.map(|(name, _)| name.as_str()).collect();
        let mut documents =
            vec!["note: of a stored event, neither the query nor the method's spelling is known".to_owned()];
        if !names.is_empty() {
            let proof = if names.contains(&sender.scheme.carrier()) { ", and the proof is among them" } else { "" };
            documents.push(format!(
                "note: credentials are not stored, so these headers cannot be checked{proof}: {}",
                names.join(", ")
            ));
        }
        if sender.body_token().is_some()
            && self.saved.body.windows(REDACTED.len()).any(|part| part == REDACTED.as_bytes())
        {
            documents.push("note: the token in the body is not stored, so that it cannot be checked".to_owned());
        }
        documents
    }
}

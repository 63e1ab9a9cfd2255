//! A forwarded request: what of an event travels to the worker, and how it is signed there.

use bellhop_senders::sender::Sender;
use bellhop_senders::sign::sign;
use bellhop_senders::verify::Key;
use serde::{Deserialize, Serialize};

use super::headers::{self, HOPS};
use super::{Forward, Method, Place, Sign, SignScheme, header_field, read_target};
use crate::action::Material;
use crate::secret::{Secret, SecretRef};
use crate::time::Timestamp;

/// The longest value of a header, in bytes.
const LONGEST_VALUE: usize = 4096;

/// What travels to the worker. Secrets stay where they are: it names them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The URL.
    pub url: Place,
    /// The method.
    pub method: Method,
    /// The headers, by lower-case name.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Body,
    /// How it is signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<Sign>,
    /// How long an answer is waited for, in seconds.
    pub timeout_seconds: u64,
}

/// The body of a forwarded request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Body {
    /// The event's own bytes, which are recorded with it.
    Original,
    /// This text.
    Text(String),
}

impl Request {
    /// The request that an action makes of an event; an error is a template that failed.
    pub(super) fn render(action: &Forward, material: &Material<'_>) -> Result<Self, String> {
        let head = material.head();
        let body = match material.rendered("body") {
            Some(body) => Body::Text(body?),
            None => Body::Original,
        };
        let mut all: Vec<(String, String)> = Vec::new();
        let is_original = body == Body::Original;
        let passed = headers::passed_on(head).filter(|(name, _)| is_original || *name != "content-type");
        all.extend(passed.map(|(name, value)| (name.to_owned(), value.to_owned())));
        if !is_original {
            set(&mut all, "content-type", "application/json".to_owned());
        }
        set(&mut all, "user-agent", concat!("Bellhop/", env!("CARGO_PKG_VERSION")).to_owned());
        set(&mut all, "x-bellhop-event", head.id.to_string());
        set(&mut all, "x-bellhop-delivery", material.task().to_string());
        set(&mut all, HOPS, (headers::hops(head) + 1).to_string());
        if let Some(what) = material.is_instead_of() {
            set(&mut all, "x-bellhop-instead-of", one_line(what));
        }
        for name in action.headers.keys() {
            if let Some(value) = material.rendered(&header_field(name)) {
                set(&mut all, name, one_line(&value?));
            }
        }
        Ok(Self {
            url: action.url.clone(),
            method: action.method,
            headers: all,
            body,
            sign: action.sign.clone(),
            timeout_seconds: action.timeout_seconds,
        })
    }
}

impl Request {
    /// Where its secrets are.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let url = if let Place::Kept(reference) = &self.url { Some(reference) } else { None };
        url.into_iter().chain(self.sign.as_ref().map(|sign| &sign.secret))
    }

    /// The address, with what is kept looked up; or why it is none.
    pub fn address<'a>(&self, value: &dyn Fn(&SecretRef) -> Result<&'a Secret, String>) -> Result<String, String> {
        match &self.url {
            Place::Url(url) => Ok(url.clone()),
            Place::Kept(reference) => {
                let url = value(reference)?.expose().trim();
                // What is wrong with it may quote it.
                read_target(url).map_err(|_| format!("what {reference} holds is not an http or https URL"))
            }
        }
    }
}

/// The headers that sign a request; the id is the same for each attempt.
pub fn signed(
    scheme: SignScheme,
    secret: &Secret,
    id: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Vec<(String, String)>, String> {
    let sender = Sender::named(scheme.sender()).ok_or("this version signs no such requests")?;
    sign(sender, secret, body, id, now).map_err(|error| error.to_string())
}

/// Why a secret cannot sign by a scheme, if it cannot.
pub(super) fn key_problem(scheme: SignScheme, secret: &Secret) -> Option<String> {
    let sender = Sender::named(scheme.sender())?;
    Key::new(sender, secret).err().map(|error| error.to_string())
}

/// Sets a header, in place of any other of its name.
fn set(headers: &mut Vec<(String, String)>, name: &str, value: String) {
    headers.retain(|(found, _)| found != name);
    headers.push((name.to_owned(), value));
}

/// A value as one line of a length that servers take: what a payload writes into it begins no other header.
fn one_line(value: &str) -> String {
    let line: String = value.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    line[..line.floor_char_boundary(LONGEST_VALUE)].to_owned()
}

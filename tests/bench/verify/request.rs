//! Signed requests, lent to the verifier again and again.

use bellhop_senders::inbound::{Headers, Inbound, Url};
use bellhop_senders::secret::Secret;
use bellhop_senders::sender::Sender;
use bellhop_senders::sign::{Draft, sign_request};
use bellhop_senders::time::Timestamp;
use bellhop_senders::verify::{Key, verify};

/// When the requests are signed and come in.
pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

const BASE: &str = "https://hooks.example.com";

/// A secret that every scheme can read.
pub(crate) const SECRET: &str = "5ca1ab1e0ddba11c0ffee0ddfacade5ca1ab1e0ddba11c0ffee0ddfacade2bad";

/// A request that proves itself.
pub(crate) struct Request {
    sender: &'static Sender,
    keys: Vec<Key>,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    /// A request of a sender with a body.
    pub(crate) fn signed(sender: &str, body: Vec<u8>) -> Self {
        let sender = Sender::named(sender).expect("a sender");
        let text = if sender.name == "basic" { format!("user:{SECRET}") } else { SECRET.to_owned() };
        let secret = Secret::new(text).expect("a secret");
        let draft = Draft { method: "POST", url: Url::new(BASE, "/webhook/p?a=1"), body: &body, id: "msg_1" };
        let proof = sign_request(sender, &secret, draft, NOW).expect("a signature");
        let query: String = proof.query.iter().map(|parameter| format!("&{parameter}")).collect();
        let keys = vec![Key::new(sender, &secret).expect("a key")];
        let request = Self { sender, keys, target: format!("/webhook/p?a=1{query}"), headers: proof.headers, body };
        assert!(request.pass(&request.lent()), "{} signs what it verifies", sender.name);
        request
    }

    /// A key of its sender.
    pub(crate) fn key(&self, secret: &str) -> Key {
        Key::new(self.sender, &Secret::new(secret).expect("a secret")).expect("a key")
    }

    /// Gives its hook another key.
    pub(crate) fn take_key(&mut self, key: &Key) {
        self.keys.clear();
        self.keys.push(key.clone());
    }

    /// The headers as they are lent to the verifier.
    pub(crate) fn lent(&self) -> Vec<(&str, &[u8])> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect()
    }

    /// Whether the request passes with these headers.
    pub(crate) fn pass(&self, headers: &[(&str, &[u8])]) -> bool {
        self.pass_at(&self.target, headers)
    }

    /// Whether the request passes with these headers at this path and query.
    pub(crate) fn pass_at(&self, target: &str, headers: &[(&str, &[u8])]) -> bool {
        let inbound = Inbound { url: Url::new(BASE, target), ..Inbound::new(Headers::new(headers), &self.body) };
        verify(self.sender, &self.keys, inbound, None, NOW).is_ok()
    }

    /// The text that carries the proof: the last header, or the query where there is none.
    pub(crate) fn proof(&self) -> &str {
        self.headers.last().map_or(&self.target, |(_, value)| value)
    }

    /// Whether the request passes with another text in the place of its proof.
    pub(crate) fn pass_with(&self, proof: &str) -> bool {
        let mut lent = self.lent();
        match lent.last_mut() {
            Some((_, value)) => *value = proof.as_bytes(),
            None => return self.pass_at(proof, &lent),
        }
        self.pass(&lent)
    }
}

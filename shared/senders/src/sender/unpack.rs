//! Texts within payloads that hold more of them, as data.

/// A text within a payload that holds more of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unpack {
    /// Where the text is: names and numbers with dots between them.
    pub field: &'static str,
    /// How it is packed.
    pub wrapping: Wrapping,
    /// Where what is in it is put: a field, in place of what is there, or the whole payload where this is empty.
    pub into: &'static str,
}

/// How a part of a payload is packed into a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrapping {
    /// Base64 of JSON, or of text.
    Base64,
    /// A JSON Web Signature in its short form; what it says is taken, and vouched for by nobody here.
    Jws,
    /// JSON.
    Json,
}

//! Why a text is no JSON.

/// Where a text stops being JSON, and why. It tells nothing of what the text says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{}", said(*.at, *.cause))]
pub struct Unreadable {
    /// The byte, counted from 0; of a text that is not UTF-8, as it is once it has been decoded.
    pub at: usize,
    /// What is wrong there.
    pub cause: Cause,
}

/// What is wrong with a text that is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cause {
    /// It ends where more is needed.
    #[error("it ends where {0} should follow")]
    End(&'static str),
    /// Something stands where it may not.
    #[error("{met} stands where {wanted} should")]
    Met {
        /// What stands there.
        met: Met,
        /// What should.
        wanted: &'static str,
    },
    /// A character that has to be escaped in a text is not.
    #[error("a control character stands unescaped within a string")]
    Control,
    /// An escape that JSON does not have.
    #[error("`\\` is followed by what is no escape")]
    Escape,
    /// It has too many values.
    #[error("it has more than {} values", super::MOST_VALUES)]
    Many,
    /// It is a form of too many fields.
    #[error("it is a form of more than 10000 fields")]
    Fields,
    /// It nests too deep.
    #[error("it nests more than {} levels deep", super::DEEPEST)]
    Deep,
}

impl Unreadable {
    /// That a form has too many fields.
    pub(crate) const fn fields() -> Self {
        Self { at: 0, cause: Cause::Fields }
    }
}

/// Why a text is not read, in words.
fn said(at: usize, cause: Cause) -> String {
    match cause {
        Cause::Many | Cause::Fields => format!("{cause}, and is not looked into"),
        _ => format!("it is no JSON at byte {at}: {cause}"),
    }
}

/// What kind of character stands somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Met(pub(super) u8);

impl std::fmt::Display for Met {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            byte if byte.is_ascii_punctuation() => write!(f, "`{}`", char::from(byte)),
            byte if byte.is_ascii_alphabetic() => f.write_str("a letter"),
            byte if byte.is_ascii_digit() => f.write_str("a digit"),
            b' ' | b'\t' | b'\r' | b'\n' => f.write_str("white space"),
            byte if byte.is_ascii() => f.write_str("a control character"),
            _ => f.write_str("a character beyond ASCII"),
        }
    }
}

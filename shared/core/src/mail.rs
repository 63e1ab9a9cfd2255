//! Mail addresses and mail servers, as people write them.

mod relay;

pub use relay::{Relay, RelayTls};

/// The longest address, its part before the `@`, and a label of its domain, in bytes (RFC 5321, section 4.5.3.1, and RFC 1035).
const MOST_ADDRESS_BYTES: usize = 254;
const MOST_LOCAL_BYTES: usize = 64;
const MOST_LABEL_BYTES: usize = 63;

/// The longest name beside an address, in characters.
const MOST_NAME_CHARS: usize = 100;

/// Who a mail is from: an address, and a name that may stand before it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// The name.
    pub name: Option<String>,
    /// The address.
    pub address: String,
}

impl Mailbox {
    /// Reads `Name <name@example.com>`, or the address alone; the error says how to write it.
    pub fn parse(text: &str) -> Result<Self, String> {
        const FIX: &str = "write `Bellhop <bellhop@example.com>`, or the address alone";
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.split_once('<')) {
            Some((name, address)) => (name.trim(), address),
            None => ("", text),
        };
        let quoted = name.strip_prefix('"').and_then(|name| name.strip_suffix('"'));
        let name = quoted.unwrap_or(name);
        let is_plain = !name.chars().any(|c| c.is_control() || "<>\"\\".contains(c));
        if !is_plain || name.chars().count() > MOST_NAME_CHARS {
            return Err(format!("the name before the address is none; {FIX}"));
        }
        check_address(address).map_err(|wrong| format!("{wrong}; {FIX}"))?;
        Ok(Self { name: (!name.is_empty()).then(|| name.to_owned()), address: address.to_owned() })
    }

    /// The domain of its address.
    pub fn domain(&self) -> &str {
        self.address.rsplit_once('@').map_or("", |(_, domain)| domain)
    }
}

/// Whether a text is one mail address, in ASCII and without quotes or comments; the error does not repeat it.
pub fn check_address(text: &str) -> Result<(), String> {
    let wrong = || "not a mail address such as `me@example.com`".to_owned();
    let (local, domain) = text.rsplit_once('@').ok_or_else(wrong)?;
    let is_atom = |atom: &str| {
        let is_text = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
        !atom.is_empty() && atom.bytes().all(is_text)
    };
    let is_label = |label: &str| {
        let is_text = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let is_whole = !label.is_empty() && !label.starts_with('-') && !label.ends_with('-');
        is_whole && label.len() <= MOST_LABEL_BYTES && label.bytes().all(is_text)
    };
    let fits = text.len() <= MOST_ADDRESS_BYTES && local.len() <= MOST_LOCAL_BYTES;
    match fits && local.split('.').all(is_atom) && domain.split('.').all(is_label) {
        true => Ok(()),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_one_and_nothing_else() {
        let long = format!("{}@example.com", "a".repeat(64));
        for good in ["me@example.com", "a.b+c@x-y.example", "root@localhost", "o'hara@a.b.c", long.as_str()] {
            assert_eq!(check_address(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "me",
            "@example.com",
            "me@",
            "me@-a.example",
            "me@a..example",
            ".me@example.com",
            "me.@example.com",
            "me@example.com\r\nBcc: you@example.com",
            "me@example.com, you@example.com",
            "Me <me@example.com>",
            "\"me\"@example.com",
            "me@[127.0.0.1]",
            "m\u{fc}@example.com",
            "me@ex\u{e4}mple.com",
            &format!("a{long}"),
            &format!("a@{}.example", "b".repeat(64)),
            &format!("a@{}", "b.".repeat(130) + "c"),
        ] {
            let error = check_address(bad).unwrap_err();
            assert_eq!(error, "not a mail address such as `me@example.com`", "{bad}");
        }
    }

    #[test]
    fn a_sender_may_have_a_name() {
        let read = |text: &str| Mailbox::parse(text).map(|mailbox| (mailbox.name.unwrap_or_default(), mailbox.address));
        let is = |name: &str, address: &str| Ok((name.to_owned(), address.to_owned()));
        assert_eq!(read("Bellhop <b@example.com>"), is("Bellhop", "b@example.com"));
        assert_eq!(read("\"Desk, front\" <b@example.com>"), is("Desk, front", "b@example.com"));
        assert_eq!(read("Gr\u{fc}\u{df}e <b@example.com>"), is("Gr\u{fc}\u{df}e", "b@example.com"));
        assert_eq!(read(" b@example.com "), is("", "b@example.com"));
        assert_eq!(read("<b@example.com>"), is("", "b@example.com"));
        assert_eq!(Mailbox::parse("b@mail.example.com").unwrap().domain(), "mail.example.com");
        for bad in
            ["", "Bellhop", "A\r\nX: y <b@example.com>", "A <b@example.com", "A <B <b@example.com>", "\"\\\" <b@x>"]
        {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read(&format!("{} <b@example.com>", "a".repeat(101))).is_err());
    }
}

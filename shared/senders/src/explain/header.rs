//! Headers that something on the way changed.

use super::{Case, Finding};
use crate::inbound::{Headers, Inbound};
use crate::sender::{Carrier, Scheme, Shape, TokenPlace};
use crate::verify::{Key, Refusal};

/// How many values of one header are tried.
const MOST_VALUES: usize = 4;

/// A header whose name is almost that of the one that is missing.
pub(super) fn other_name(case: Case<'_>, wanted: &'static str) -> Option<Finding> {
    let plain = |name: &str| name.replace(['-', '_'], "").trim_start_matches('x').to_owned();
    let ours = plain(wanted);
    let close = |name: &&str| {
        let theirs = plain(name);
        theirs.len() >= 6 && (ours.contains(&theirs) || theirs.contains(&ours))
    };
    let found = case.inbound.headers.iter().map(|(name, _)| name).filter(|name| *name != wanted).find(close)?;
    Some(Finding::Header { wanted, found: found.to_owned() })
}

/// Whether one of the values of a header that is there more than once, or joined by commas, is right.
pub(super) fn only_one(case: Case<'_>, keys: &[Key], refusal: Refusal) -> Option<Finding> {
    let (Refusal::Doubled(name) | Refusal::Malformed(name) | Refusal::Mismatch(name) | Refusal::WrongToken(name)) =
        refusal
    else {
        return None;
    };
    let all = case.inbound.headers.iter().filter(|(found, _)| *found == name).map(|(_, value)| value);
    let values: Vec<_> = all.flat_map(|value| value.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii).collect();
    let several = values.len() > 1;
    let right = values.into_iter().take(MOST_VALUES).any(|value| several && case.proves_with(keys, name, value));
    right.then_some(Finding::Doubled(name))
}

/// Whether the value of the header that carries the proof is right once something that was added is gone.
pub(super) fn other_value(case: Case<'_>, keys: &[Key]) -> Option<Finding> {
    case.schemes().find_map(|scheme| {
        let (name, prefix) = written(scheme)?;
        let value = case.inbound.headers.text(name)?;
        let bare = value.trim().trim_matches(['"', '\'']).trim();
        let last = bare.rsplit(' ').next().unwrap_or_default();
        let tries = [
            ("without the quotes or white space around it", bare.to_owned()),
            ("without the white space in it", bare.chars().filter(|c| !c.is_whitespace()).collect()),
            ("with what this sender writes before it", format!("{prefix}{bare}")),
            ("without the word before it", format!("{prefix}{last}")),
        ];
        let right = |text: &str| text != value && case.proves_with(keys, name, text.as_bytes());
        tries.into_iter().find(|(_, text)| right(text)).map(|(how, _)| Finding::Value { name, how })
    })
}

/// The header that carries a proof, and what stands before it there.
fn written(scheme: &Scheme) -> Option<(&'static str, &'static str)> {
    match scheme {
        Scheme::Signed(signed) if !matches!(signed.place, Carrier::Field(_)) => {
            let prefix = match signed.shape {
                Shape::Whole(prefix) | Shape::List { prefix, .. } => prefix,
                Shape::Pairs { .. } => "",
            };
            Some((signed.place.name(), prefix))
        }
        Scheme::Jwt(jwt) => Some((jwt.header, jwt.prefix)),
        Scheme::Token(TokenPlace::Header { name, prefix }) => Some((name, prefix)),
        Scheme::Token(TokenPlace::Basic) => Some(("authorization", "Basic ")),
        Scheme::Signed(_) | Scheme::Token(_) | Scheme::AppStore(_) | Scheme::None => None,
    }
}

impl Case<'_> {
    /// Whether the request proves itself to these keys with this value in place of all of a header's.
    fn proves_with(&self, keys: &[Key], name: &str, value: &[u8]) -> bool {
        let others = self.inbound.headers.iter().filter(|(found, _)| *found != name);
        let pairs: Vec<_> = others.chain([(name, value)]).collect();
        self.proves(keys, Inbound { headers: Headers::new(&pairs), ..self.inbound })
    }
}

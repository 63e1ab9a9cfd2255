//! Secrets that were copied wrongly, or into the wrong hook.

use super::{Case, Finding, Spelling};
use crate::secret::Secret;
use crate::sender::SecretFormat;
use crate::verify::Key;

/// The secrets that the sender's scheme cannot use.
pub(super) fn unusable(case: Case<'_>) -> Vec<Finding> {
    let secrets = case.secrets.iter().enumerate();
    let bad = secrets.filter_map(|(which, secret)| Some((which, Key::new(case.sender, secret).err()?)));
    bad.map(|(which, why)| Finding::Unusable { which, why }).collect()
}

/// Whether another spelling of one of the secrets matches.
pub(super) fn other_spelling(case: Case<'_>) -> Option<Finding> {
    case.secrets.iter().enumerate().find_map(|(which, secret)| {
        let text = secret.expose();
        let key = |text: &str| Secret::new(text).ok().and_then(|secret| Key::new(case.sender, &secret).ok());
        let read = |text: &str, format| Secret::new(text).ok().and_then(|s| Key::read_as(case.sender, &s, format).ok());
        let unprefixed = text.trim().strip_prefix("whsec_");
        let tries = [
            (Spelling::Trimmed, key(text.trim())),
            (Spelling::LineBreak, key(&format!("{text}\n"))),
            (Spelling::Unquoted, key(text.trim().trim_matches(['"', '\'']))),
            (Spelling::Unprefixed, unprefixed.and_then(|text| read(text, SecretFormat::Raw))),
            (Spelling::Base64, read(text, SecretFormat::Whsec)),
            (Spelling::Hex, read(text, SecretFormat::Hex)),
            (Spelling::Raw, read(text, SecretFormat::Raw)),
        ];
        tries.into_iter().find_map(|(spelling, key)| {
            case.proves(&[key?], case.inbound).then_some(Finding::Secret { which, spelling })
        })
    })
}

/// Whether another hook's secret matches.
pub(super) fn other_hook(case: Case<'_>) -> Option<Finding> {
    case.others.iter().find_map(|(name, secret)| {
        let key = Key::new(case.sender, secret).ok()?;
        case.proves(&[key], case.inbound).then(|| Finding::OtherHook((*name).to_owned()))
    })
}

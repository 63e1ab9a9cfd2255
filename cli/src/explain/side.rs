//! What is known on our side: the sender, the secrets, other hooks' secrets and the public URL.

use bellhop_core::config::{CheckedConfig, SecretInput};
use bellhop_core::hook::Hook;
use bellhop_core::secret::Secret;
use bellhop_senders::sender::Sender;

use super::Explain;
use crate::config::{self, Place, look_up};
use crate::failure::Failure;
use crate::print::plain;
use crate::{secret, senders};

/// What is known on our side.
pub(super) struct Side {
    /// The hook's sender.
    pub(super) sender: &'static Sender,
    /// The hook's secrets.
    pub(super) secrets: Vec<Secret>,
    /// Other hooks' secrets, each with the hook's name.
    pub(super) others: Vec<(String, Secret)>,
    /// What senders call, without a slash at its end.
    pub(super) public_url: Option<String>,
    /// What could not be had.
    pub(super) notes: Vec<String>,
}

impl Side {
    /// Reads what the arguments name; `stored` is the sender of a stored event.
    pub(super) fn of(arguments: &Explain, stored: Option<&str>) -> Result<Self, Failure> {
        let mut side = match &arguments.hook {
            Some(hook) => Self::of_hook(&config::read(&arguments.config)?, hook, arguments)?,
            None => Self::of_arguments(arguments, stored)?,
        };
        for other in &arguments.other {
            let wrong =
                || Failure("--other is a name, `=` and a reference: `--other deploys=env:DEPLOYS_SECRET`".to_owned());
            let (name, reference) = other.split_once('=').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
            side.others.push((name.to_owned(), secret::given(reference)?));
        }
        if let Some(url) = &arguments.url {
            if !url.starts_with("http://") && !url.starts_with("https://") {
                let url = plain(url);
                return Err(Failure(format!("--url {url}: write it whole, such as https://hooks.example.com")));
            }
            side.public_url = Some(url.trim_end_matches('/').to_owned());
        }
        Ok(side)
    }

    /// The sender and the secrets that were given.
    fn of_arguments(arguments: &Explain, stored: Option<&str>) -> Result<Self, Failure> {
        let name = arguments.sender.as_deref().or(stored).unwrap_or_default();
        let sender = senders::named(name)?;
        let mut secrets = arguments.secret.iter().map(|text| secret::given(text)).collect::<Result<Vec<_>, _>>()?;
        if secrets.is_empty() {
            secrets.extend(secret::from_environment()?);
        }
        if secrets.is_empty() && !sender.is_unsigned() {
            return Err(Failure(format!(
                "`{name}` signs its requests: give the hook's secret with `--secret env:NAME`, `--secret file:PATH` or in \
                 BELLHOP_SECRET, or take it from a configuration with `--hook NAME`"
            )));
        }
        Ok(Self { sender, secrets, others: Vec::new(), public_url: None, notes: Vec::new() })
    }

    /// The sender and the secrets of a hook in a configuration, and the secrets of all others that can be had here.
    fn of_hook(config: &CheckedConfig, name: &str, arguments: &Explain) -> Result<Self, Failure> {
        let file = arguments.config.display();
        let hook = config.hooks.iter().find(|draft| draft.hook.name == name).ok_or_else(|| {
            let names: Vec<_> = config.hooks.iter().map(|draft| draft.hook.name.as_str()).collect();
            Failure(format!("{file} has no hook `{}`; it has: {}", plain(name), plain(&names.join(", "))))
        })?;
        let secrets =
            values(&hook.hook).collect::<Result<Vec<_>, _>>().map_err(|why| Failure(format!("{name}: {why}")))?;
        let (mut others, mut notes) = (Vec::new(), Vec::new());
        for other in config.hooks.iter().map(|draft| &draft.hook).filter(|other| other.name != name) {
            for value in values(other) {
                match value {
                    Ok(secret) => others.push((other.name.clone(), secret)),
                    Err(why) => notes.push(format!("note: a secret of the hook {} is not tried: {why}", other.name)),
                }
            }
        }
        Ok(Self { sender: hook.sender, secrets, others, public_url: config.settings.public_url.clone(), notes })
    }
}

/// The values of a hook's secrets.
fn values(hook: &Hook<SecretInput>) -> impl Iterator<Item = Result<Secret, String>> {
    hook.secrets.iter().map(|secret| match secret {
        SecretInput::Reference(reference) => {
            look_up(reference, Place::Here)?.ok_or_else(|| "it is not to be had here".to_owned())
        }
        SecretInput::Value(secret) => Ok(secret.clone()),
    })
}

//! Checks a configuration as a whole: every problem is found and named by its field, and nothing is half-taken.

mod actions;
mod capacity;
mod hook;
mod job;
mod sender;

use std::collections::HashSet;

pub use actions::KeptActions;
pub(crate) use hook::read_chat;
pub use hook::{HookDraft, Kept, check_change, check_hook, is_capability};
pub use job::{JobDraft, check_job};

use super::{Capacity, ConfigSpec, Configured, Settings};
use crate::action::Kind;
use crate::address::{PrivateHost, PrivateHosts};
use crate::hook::Hook;
use crate::job::Job;
use crate::mail::{Mailbox, Relay};
use crate::secret::{Secret, SecretRef};

/// A configuration that passed.
#[derive(Debug, Clone)]
pub struct CheckedConfig {
    /// What holds for all hooks; the bot's token and the mail server's URL apart.
    pub settings: Settings,
    /// What one process takes at once.
    pub capacity: Capacity,
    /// Hosts that one process may call though they are private.
    pub private_hosts: PrivateHosts,
    /// The bot's token.
    pub telegram_token: Option<SecretInput>,
    /// The URL of the mail server.
    pub email_smtp: Option<SecretInput>,
    /// The hooks.
    pub hooks: Vec<HookDraft>,
    /// The jobs.
    pub jobs: Vec<JobDraft>,
}

/// Something wrong with a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field: `hooks[0].actions[1].chat`.
    pub field: String,
    /// What is wrong, and how to mend it.
    pub message: String,
}

/// A secret as it was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretInput {
    /// Where it is.
    Reference(SecretRef),
    /// The secret itself.
    Value(Secret),
}

/// How secrets stand in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretsAs {
    /// As references alone: a file is read by many eyes.
    References,
    /// As values, or as `ssm:` references: an operator's, through the API, which must not read our environment or files for
    /// its caller.
    Values,
    /// As values alone: through the API from whoever may change hooks and no more. What such a caller points at would be
    /// read with rights that are not theirs, and an address they name would be sent what others keep.
    ValuesAlone,
}

impl SecretsAs {
    /// Whether who writes this may also say where secrets are sent.
    pub const fn names_addresses(self) -> bool {
        matches!(self, Self::References | Self::Values)
    }
}

/// Collects problems as the checks go along.
#[derive(Debug, Default)]
pub(crate) struct Problems(Vec<Problem>);

impl Problems {
    /// Notes that something is wrong with a field.
    pub(crate) fn add(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem { field: field.into(), message: message.into() });
    }

    /// What was noted.
    pub(crate) fn into_list(self) -> Vec<Problem> {
        self.0
    }

    /// Passes a good value on, and notes a bad one.
    pub(crate) fn take<T>(&mut self, field: &str, result: Result<T, impl ToString>) -> Option<T> {
        result.map_err(|e| self.add(field, e.to_string())).ok()
    }
}

/// Checks a whole configuration.
pub fn check_config(spec: &ConfigSpec, secrets: SecretsAs) -> Result<CheckedConfig, Vec<Problem>> {
    let mut problems = Problems::default();
    let settings = check_settings(spec, &mut problems);
    let telegram_token = match &spec.telegram.token {
        Some(token) => problems.take("telegram.token", read_secret(token, secrets)),
        None => None,
    };
    let email_smtp = spec.email.smtp.as_ref().and_then(|smtp| read_relay(smtp, secrets, &mut problems));
    let hooks = check_all::<Hook>("hooks", &spec.hooks, secrets, &mut problems);
    let mut jobs = spec.jobs.clone();
    jobs.iter_mut().for_each(|job| job.schedule.in_zone(settings.timezone.as_deref()));
    let jobs = check_all::<Job>("jobs", &jobs, secrets, &mut problems);
    let of_jobs = jobs.iter().flat_map(|draft| draft.job.all_actions());
    let sends_mail = hooks
        .iter()
        .flat_map(|draft| draft.hook.all_actions())
        .chain(of_jobs)
        .any(|action| action.kind() == Kind::Email);
    if sends_mail && spec.email.from.is_none() {
        problems.add("email.from", "`email` actions need a sender: `from = \"Bellhop <bellhop@example.com>\"`");
    }
    let capacity = capacity::check(spec, &mut problems);
    let private_hosts = spec.network.allow_private_hosts.iter().enumerate();
    let private_hosts = private_hosts.filter_map(|(i, host)| {
        problems.take(&format!("network.allow_private_hosts[{i}]"), host.parse::<PrivateHost>())
    });
    let private_hosts = private_hosts.collect();
    if !problems.0.is_empty() {
        return Err(problems.0);
    }
    Ok(CheckedConfig { settings, capacity, private_hosts, telegram_token, email_smtp, hooks, jobs })
}

/// Checks the things of a kind, which stand in the list of this name; each has a name of its own.
fn check_all<K: Configured>(
    list: &str,
    specs: &[K::Spec],
    secrets: SecretsAs,
    problems: &mut Problems,
) -> Vec<K::Draft> {
    let mut names = HashSet::new();
    let mut drafts = Vec::with_capacity(specs.len());
    for (index, spec) in specs.iter().enumerate() {
        match K::check(spec, secrets, None) {
            Ok(draft) => drafts.push(draft),
            Err(wrong) => {
                wrong.into_iter().for_each(|Problem { field, message }| {
                    problems.add(format!("{list}[{index}].{field}"), message);
                });
            }
        }
        let name = K::written_name(spec);
        if !name.is_empty() && !names.insert(name) {
            let what = format!("another {} is called `{name}` too; give each its own name", K::KIND);
            problems.add(format!("{list}[{index}].name"), what);
        }
    }
    drafts
}

/// Checks what holds for all hooks.
fn check_settings(spec: &ConfigSpec, problems: &mut Problems) -> Settings {
    let mut settings = Settings::default();
    if let Some(url) = &spec.public_url {
        settings.public_url = problems.take("public_url", read_url(url));
    }
    if let Some(base) = &spec.telegram.api_base {
        settings.telegram_api_base = problems.take("telegram.api_base", read_url(base)).unwrap_or_default();
    }
    if let Some(chat) = &spec.telegram.operator_chat {
        settings.operator_chat = problems.take("telegram.operator_chat", hook::read_chat(chat));
    }
    if let Some(from) = &spec.email.from {
        let mailbox = problems.take("email.from", Mailbox::parse(from));
        settings.email_from = mailbox.map(|_| from.trim().to_owned());
    }
    if let Some(days) = spec.retention_days {
        settings.retention_days = problems.take("retention_days", between(days, 1, 3650)).unwrap_or_default();
    }
    if let Some(zone) = &spec.timezone {
        settings.timezone = problems.take("timezone", crate::schedule::zone(zone));
    }
    if let Some(rate) = spec.limits.rate_per_minute {
        settings.rate_per_minute =
            problems.take("limits.rate_per_minute", between(rate, 1, 1_000_000_000)).unwrap_or_default();
    }
    settings
}

/// Reads the URL of the mail server, which is a secret; one that is written out must be one.
fn read_relay(text: &str, secrets: SecretsAs, problems: &mut Problems) -> Option<SecretInput> {
    let input = problems.take("email.smtp", read_secret(text, secrets))?;
    if let SecretInput::Value(value) = &input {
        problems.take("email.smtp", Relay::parse(value.expose()))?;
    }
    Some(input)
}

/// Reads a secret as the configuration may hold one, with the rights of whoever wrote it.
pub fn read_secret(text: &str, secrets: SecretsAs) -> Result<SecretInput, String> {
    let reference = match SecretRef::parse(text) {
        Ok(reference) => reference,
        Err(e) if secrets == SecretsAs::References => return Err(e.to_string()),
        Err(_) => return Secret::new(text).map(SecretInput::Value).map_err(|e| e.to_string()),
    };
    if let Some(problem) = reference.problem() {
        return Err(problem.to_owned());
    }
    let why = match (&reference, secrets) {
        (SecretRef::Stored(_), _) => "`stored:` is Bellhop's own; write `env:NAME`, `file:PATH` or `ssm:NAME`",
        (_, SecretsAs::References) | (SecretRef::Ssm(_), SecretsAs::Values) => {
            return Ok(SecretInput::Reference(reference));
        }
        (SecretRef::Ssm(_), SecretsAs::ValuesAlone) => {
            "a reference to a parameter needs a token with the scope `admin`; send the secret itself"
        }
        (SecretRef::Env(_) | SecretRef::File(_), _) => {
            "`env:` and `file:` are read where the configuration file is; through the API, send the secret itself"
        }
    };
    Err(why.to_owned())
}

/// Reads an absolute `http` or `https` URL; the slash at its end is dropped.
pub(super) fn read_url(text: &str) -> Result<String, String> {
    const FIX: &str = "write a whole URL such as `https://hooks.example.com`";
    let url: http::Uri = text.parse().map_err(|_| format!("not a URL; {FIX}"))?;
    let known = matches!(url.scheme_str(), Some("http" | "https"));
    let host = url.host().filter(|host| !host.is_empty());
    let credentials = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if !known || host.is_none() || credentials || url.query().is_some() {
        return Err(format!("not a plain http or https URL; {FIX}"));
    }
    Ok(text.trim_end_matches('/').to_owned())
}

/// Takes a number between two bounds, both included.
pub(crate) fn between<N: PartialOrd + std::fmt::Display>(number: N, least: N, most: N) -> Result<N, String> {
    if number < least || number > most {
        return Err(format!("{number} is not between {least} and {most}"));
    }
    Ok(number)
}

#[cfg(test)]
mod tests;

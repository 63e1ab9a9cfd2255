//! The configuration file: read, checked as a whole, and its mistakes shown with their lines.

mod place;

use std::fmt::Write as _;
use std::path::Path;

use bellhop_core::action::Kind;
use bellhop_core::config::{CheckedConfig, ConfigSpec, HookDraft, Problem, SecretInput, SecretsAs, check_config};
use bellhop_core::mail::Relay;
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_senders::sender::Sender;
use bellhop_senders::verify::Key;

use crate::failure::Failure;
use place::{line_at, line_of};

/// Where a configuration's secrets can be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// In this process.
    Here,
    /// In a deployed stack, which can read `ssm:` by itself.
    Deployed,
}

/// A configuration file that passed.
pub(crate) struct Loaded {
    /// As written.
    pub(crate) spec: ConfigSpec,
    /// As it is meant.
    pub(crate) checked: CheckedConfig,
}

/// Reads and checks a configuration file; the failure lists every mistake as `file:line: field: what, and the fix`.
pub(crate) fn load(file: &Path, place: Place) -> Result<Loaded, Failure> {
    let (loaded, text) = parse(file)?;
    let problems = secret_problems(&loaded.checked, place);
    if problems.is_empty() { Ok(loaded) } else { Err(listed(&file.display().to_string(), &text, &problems)) }
}

/// Reads and checks a configuration file, whose secrets need not be at hand.
pub(crate) fn read(file: &Path) -> Result<CheckedConfig, Failure> {
    parse(file).map(|(loaded, _)| loaded.checked)
}

/// Reads and checks a configuration file but for its secrets; its text, too.
fn parse(file: &Path) -> Result<(Loaded, String), Failure> {
    let name = file.display().to_string();
    let text = std::fs::read_to_string(file).map_err(|e| Failure::new(&format!("{name} cannot be read"), e))?;
    let spec: ConfigSpec = toml::from_str(&text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_at(&text, span.start));
        Failure(format!("{name}:{line}: {}", without_value(error.message())))
    })?;
    let checked = check_config(&spec, SecretsAs::References).map_err(|problems| listed(&name, &text, &problems))?;
    Ok((Loaded { spec, checked }, text))
}

/// A parser's message without the value it met, which may be a secret in the wrong place.
fn without_value(message: &str) -> String {
    let message = message.replace('\n', " ");
    let met = ["invalid type: ", "invalid value: "].iter().any(|start| message.starts_with(start));
    match message.rsplit_once(", expected ") {
        Some((_, expected)) if met => format!("a value of the wrong kind; expected {expected}"),
        _ => message,
    }
}

/// All mistakes, the first on the line of the failure itself.
fn listed(name: &str, text: &str, problems: &[Problem]) -> Failure {
    let mut message = String::new();
    for problem in problems {
        let separator = if message.is_empty() { "" } else { "\n         " };
        let line = line_of(text, &problem.field);
        let _ = write!(message, "{separator}{name}:{line}: {}: {}", problem.field, problem.message);
    }
    Failure(message)
}

/// What is wrong with the secrets that the hooks refer to.
fn secret_problems(config: &CheckedConfig, place: Place) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (i, HookDraft { hook, sender, .. }) in config.hooks.iter().enumerate() {
        for (j, secret) in hook.secrets.iter().enumerate() {
            if let Err(message) = usable(secret, sender, place) {
                problems.push(Problem { field: format!("hooks[{i}].secrets[{j}]"), message });
            }
        }
        let actions = hook.actions.iter().enumerate().map(|(j, action)| (format!("actions[{j}]"), action));
        let fallbacks = hook.fallbacks.iter().map(|(j, action)| (format!("actions[{j}].fallback"), action));
        for (at, action) in actions.chain(fallbacks) {
            for (field, secret) in action.secrets() {
                if let SecretInput::Reference(reference) = secret
                    && let Err(message) = look_up(reference, place)
                {
                    problems.push(Problem { field: format!("hooks[{i}].{at}.{field}"), message });
                }
            }
        }
        let token = hook.reconcile.as_ref().map(|reconcile| &reconcile.token);
        problems.extend(token_problem(token, &format!("hooks[{i}].reconcile.token"), place));
    }
    problems.extend(token_problem(config.telegram_token.as_ref(), "telegram.token", place));
    problems.extend(crate::aws::problems(config, place));
    problems.extend(relay_problem(config, place).map(|message| Problem { field: "email.smtp".to_owned(), message }));
    problems
}

/// What is wrong with the URL of the mail server, which one process needs where a hook sends mails.
fn relay_problem(config: &CheckedConfig, place: Place) -> Option<String> {
    let mut actions = config.hooks.iter().flat_map(|draft| draft.hook.all_actions());
    let is_needed = place == Place::Here && actions.any(|action| action.kind() == Kind::Email);
    match &config.email_smtp {
        None if is_needed => Some("`email` actions need a mail server: `smtp = \"env:SMTP_URL\"`".to_owned()),
        Some(SecretInput::Reference(reference)) if is_needed || !is_unset(reference) => {
            let url = look_up(reference, place);
            url.and_then(|url| url.map(|url| Relay::parse(url.expose())).transpose()).err()
        }
        _ => None,
    }
}

/// What is wrong with a token that may be absent: an unset variable means that there is none yet.
fn token_problem(token: Option<&SecretInput>, field: &str, place: Place) -> Option<Problem> {
    let Some(SecretInput::Reference(reference)) = token else {
        return None;
    };
    if is_unset(reference) {
        return None;
    }
    look_up(reference, place).err().map(|message| Problem { field: field.to_owned(), message })
}

/// Whether a reference names a variable that is not set, or empty.
pub(crate) fn is_unset(reference: &SecretRef) -> bool {
    matches!(reference, SecretRef::Env(name) if std::env::var_os(name).is_none_or(|value| value.is_empty()))
}

/// Whether a secret can be had and used.
fn usable(secret: &SecretInput, sender: &Sender, place: Place) -> Result<(), String> {
    let SecretInput::Reference(reference) = secret else {
        return Ok(());
    };
    match look_up(reference, place)? {
        Some(value) => Key::new(sender, &value).map(|_| ()).map_err(|e| e.to_string()),
        None => Ok(()),
    }
}

/// The value of a reference; `None` where only the deployed stack can tell.
pub(crate) fn look_up(reference: &SecretRef, place: Place) -> Result<Option<Secret>, String> {
    let (value, fix) = match reference {
        SecretRef::Env(name) => match std::env::var(name) {
            Ok(value) => (value, format!("set the environment variable {name}")),
            Err(_) => {
                return Err(format!("the environment variable {name} is not set; set it to the secret"));
            }
        },
        SecretRef::File(path) => match std::fs::read_to_string(path) {
            Ok(text) => (text.trim_end().to_owned(), format!("write the secret into {path}")),
            Err(error) => return Err(format!("the file {path} cannot be read: {error}")),
        },
        SecretRef::Ssm(_) if place == Place::Deployed => return Ok(None),
        SecretRef::Ssm(_) => {
            return Err("`ssm:` works only in a deployed stack; use `env:` or `file:` here".to_owned());
        }
        SecretRef::Stored(_) => return Err("`stored:` is Bellhop's own".to_owned()),
    };
    Secret::new(value).map(Some).map_err(|e| format!("{e}; {fix}"))
}

#[cfg(test)]
mod tests {
    use super::without_value;

    #[test]
    fn a_value_in_the_wrong_place_is_not_repeated() {
        let message = without_value("invalid type: string \"hunter2, expected\", expected a sequence");
        assert_eq!(message, "a value of the wrong kind; expected a sequence");
        assert_eq!(without_value("unknown field `x`, expected `y`"), "unknown field `x`, expected `y`");
    }
}

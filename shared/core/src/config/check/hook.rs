//! Checks one hook.

use ipnet::IpNet;

use super::{Problem, Problems, SecretInput, SecretsAs, between, read_secret};
use crate::config::{ActionSpec, Chat, HookSpec};
use crate::filter::Condition;
use crate::hook::{Action, Hook, HookStatus, Origin};
use crate::id::HookId;
use crate::secret::SecretRef;
use crate::sender::Sender;
use crate::template::{Escape, Template};
use crate::time::Timestamp;
use crate::verify::Key;

/// How long the path of an unsigned hook is at least, in characters.
const CAPABILITY_LENGTH: usize = 22;

/// A hook that passed its checks and has no id yet.
#[derive(Debug, Clone)]
pub struct HookDraft {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its path, where one was given.
    pub path: Option<String>,
    /// Its sender.
    pub sender: &'static Sender,
    /// Its secrets.
    pub secrets: Vec<SecretInput>,
    /// Patterns of event types.
    pub events: Vec<String>,
    /// Its condition.
    pub when: Option<String>,
    /// Requests a minute.
    pub rate_per_minute: u32,
    /// Networks it takes requests from.
    pub allowed_ips: Vec<IpNet>,
    /// The longest body, in bytes.
    pub max_body_bytes: u64,
    /// Its actions.
    pub actions: Vec<Action>,
}

impl HookDraft {
    /// The hook, with what its store adds.
    pub fn into_hook(self, id: HookId, path: String, secrets: Vec<SecretRef>, origin: Origin, now: Timestamp) -> Hook {
        Hook {
            id,
            name: self.name,
            description: self.description,
            path,
            sender: self.sender.name.to_owned(),
            secrets,
            events: self.events,
            when: self.when,
            rate_per_minute: self.rate_per_minute,
            allowed_ips: self.allowed_ips,
            max_body_bytes: self.max_body_bytes,
            actions: self.actions,
            status: HookStatus::Active,
            origin,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Checks a hook that stands alone, as the API takes it.
pub fn check_hook(spec: &HookSpec, secrets: SecretsAs) -> Result<HookDraft, Vec<Problem>> {
    let mut problems = Problems::default();
    check(spec, secrets, "", &mut problems).filter(|_| problems.0.is_empty()).ok_or(problems.0)
}

/// Checks a hook whose fields stand at `at`; `None` where it cannot even be drafted.
pub(super) fn check(spec: &HookSpec, secrets: SecretsAs, at: &str, problems: &mut Problems) -> Option<HookDraft> {
    let field = |name: &str| format!("{at}{name}");
    if spec.name.trim().is_empty() || spec.name.len() > 100 {
        problems.add(field("name"), "every hook has a name of 1 to 100 characters: `name = \"my-repos\"`");
    }
    let sender = Sender::named(&spec.sender);
    if sender.is_none() {
        let known: Vec<_> = Sender::all().iter().map(|sender| sender.name).collect();
        problems.add(field("sender"), format!("unknown sender `{}`; known are {}", spec.sender, known.join(", ")));
    }
    let path = spec.path.as_ref().and_then(|path| problems.take(&field("path"), read_path(path)));
    let secrets = check_secrets(spec, sender, secrets, at, problems);
    check_unsigned(spec, sender, at, problems);
    let allowed_ips = check_list(&spec.allowed_ips, &field("allowed_ips"), problems, read_network);
    let events = check_list(&spec.events, &field("events"), problems, read_pattern);
    if let Some(when) = &spec.when {
        problems.take(&field("when"), Condition::compile(when));
    }
    let rate = problems.take(&field("rate_per_minute"), between(spec.rate_per_minute.unwrap_or(100), 1, 1_000_000_000));
    let most = 25 * 1024 * 1024;
    let max_body =
        problems.take(&field("max_body_bytes"), between(spec.max_body_bytes.unwrap_or(4 * 1024 * 1024), 1, most));
    if spec.actions.is_empty() {
        problems.add(field("actions"), "a hook needs an action: `[[hooks.actions]]` with a `kind`");
    }
    let actions = spec.actions.iter().enumerate();
    let actions = actions.filter_map(|(i, action)| check_action(action, &field(&format!("actions[{i}].")), problems));
    Some(HookDraft {
        name: spec.name.clone(),
        description: spec.description.clone().unwrap_or_default(),
        actions: actions.collect(),
        path,
        sender: sender?,
        secrets,
        events,
        when: spec.when.clone(),
        rate_per_minute: rate?,
        allowed_ips,
        max_body_bytes: max_body?,
    })
}

/// Checks each text of a list.
fn check_list<T>(
    texts: &[String],
    field: &str,
    problems: &mut Problems,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let texts = texts.iter().enumerate();
    texts.filter_map(|(i, text)| problems.take(&format!("{field}[{i}]"), read(text))).collect()
}

/// Checks that the secrets are there, and usable where their values are known.
fn check_secrets(
    spec: &HookSpec,
    sender: Option<&'static Sender>,
    secrets: SecretsAs,
    at: &str,
    problems: &mut Problems,
) -> Vec<SecretInput> {
    let field = format!("{at}secrets");
    match sender {
        Some(sender) if sender.is_unsigned() && !spec.secrets.is_empty() => {
            problems.add(&field, "the sender `none` checks no secret; name another sender, or leave `secrets` out");
        }
        Some(sender) if !sender.is_unsigned() && spec.secrets.is_empty() => {
            problems.add(&field, "a hook needs a secret to know its sender by: `secrets = [\"env:MY_SECRET\"]`");
        }
        _ => {}
    }
    check_list(&spec.secrets, &field, problems, |text| {
        let secret = read_secret(text, secrets)?;
        if let (SecretInput::Value(value), Some(sender)) = (&secret, sender) {
            Key::new(sender, value).map_err(|e| e.to_string())?;
        }
        Ok(secret)
    })
}

/// Checks that an unsigned hook has another protection.
fn check_unsigned(spec: &HookSpec, sender: Option<&Sender>, at: &str, problems: &mut Problems) {
    if !sender.is_some_and(Sender::is_unsigned) || !spec.allowed_ips.is_empty() {
        return;
    }
    // A path that Bellhop makes itself is long and random.
    let guessable = spec.path.as_deref().is_some_and(|path| !is_capability(path));
    if guessable {
        problems.add(
            format!("{at}path"),
            format!(
                "anyone who guesses the path of an unsigned hook can post to it: make it at least {CAPABILITY_LENGTH} random \
                 characters, leave it out to have one made, or set `allowed_ips`"
            ),
        );
    }
}

/// Whether a path ends in a part long and varied enough that nobody guesses it.
fn is_capability(path: &str) -> bool {
    let part = path.rsplit('/').next().unwrap_or_default();
    let kinds: std::collections::HashSet<char> = part.chars().collect();
    part.len() >= CAPABILITY_LENGTH && kinds.len() >= 10
}

/// Checks an action.
fn check_action(spec: &ActionSpec, at: &str, problems: &mut Problems) -> Option<Action> {
    if spec.kind != "telegram" {
        problems.add(format!("{at}kind"), format!("unknown kind `{}`; known are telegram", spec.kind));
        return None;
    }
    if let Some(template) = &spec.template {
        problems.take(&format!("{at}template"), Template::compile(template, Escape::Html));
    }
    let Some(chat) = &spec.chat else {
        problems.add(format!("{at}chat"), "a `telegram` action needs a chat: `chat = \"123456789\"`");
        return None;
    };
    let chat = problems.take(&format!("{at}chat"), read_chat(chat))?;
    Some(Action::Telegram { chat, template: spec.template.clone() })
}

/// Reads a chat.
fn read_chat(chat: &Chat) -> Result<String, String> {
    let text = match chat {
        Chat::Id(id) => return Ok(id.to_string()),
        Chat::Text(text) => text.trim(),
    };
    let name = text
        .strip_prefix('@')
        .is_some_and(|name| name.len() >= 4 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'));
    if name || text.parse::<i64>().is_ok() {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` is not a chat: write its numeric id, or `@name` of a public channel or group"))
}

/// Reads a hook's path.
fn read_path(path: &str) -> Result<String, String> {
    let path = path.strip_prefix('/').unwrap_or(path);
    if path.is_empty() {
        return Ok(String::new());
    }
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let part = |part: &str| !part.is_empty() && part != "." && part != ".." && part.bytes().all(plain);
    if path.len() > 200 || !path.split('/').all(part) {
        return Err(
            "a path is letters, digits, `-`, `.`, `_`, `~`, with `/` between its parts, 200 characters at most"
                .to_owned(),
        );
    }
    if path.starts_with("hk_") {
        return Err("paths that begin with `hk_` are hooks' ids; begin with something else".to_owned());
    }
    Ok(path.to_owned())
}

/// Reads a network, or a single address.
fn read_network(text: &str) -> Result<IpNet, String> {
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from));
    network.map_err(|_| format!("`{text}` is not an address or a network: write `192.0.2.7` or `192.0.2.0/24`"))
}

/// Reads a pattern of event types.
fn read_pattern(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.len() > 200 {
        return Err("an event pattern is 1 to 200 characters: `push`, `invoice.*`".to_owned());
    }
    Ok(text.to_owned())
}

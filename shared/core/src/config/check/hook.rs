//! Checks one hook.

mod unsigned;

use std::net::IpAddr;

use ipnet::IpNet;

use super::actions::{KeptActions, check_actions};
use super::{Problem, Problems, SecretInput, SecretsAs, between, read_secret, read_url};
use crate::config::{Chat, HookSpec, ReconcileSpec};
use crate::filter::Condition;
use crate::hook::{Allowed, GITHUB, Hook, Origin, Reconcile};
use crate::id::HookId;
use crate::secret::SecretRef;
use crate::time::Timestamp;
use bellhop_senders::sender::Sender;
use bellhop_senders::verify::Key;

/// How long the path of an unsigned hook is at least, in characters.
const CAPABILITY_LENGTH: usize = 22;

/// A hook that passed its checks.
#[derive(Debug, Clone)]
pub struct HookDraft {
    /// The hook, with secrets that are not kept yet. Its id and its times are its store's to fill in.
    pub hook: Hook<SecretInput>,
    /// Its sender, with what it does in another way.
    pub sender: &'static Sender,
    /// Whether no path was written: it keeps one that was made for it, or is given one.
    pub path_is_open: bool,
    /// Whether no status was written: it stays as it is.
    pub status_is_open: bool,
}

/// What a changed hook keeps where no new secrets were given.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Its secrets.
    pub secrets: Option<Vec<SecretRef>>,
    /// How its lost deliveries are found; of this the token is kept.
    pub reconcile: Option<Reconcile>,
    /// What its actions keep.
    pub actions: KeptActions,
}

/// The most plain conditions of a hook.
const MOST_CONDITIONS: usize = 50;

/// Checks a hook that stands alone, as the API takes it.
pub fn check_hook(spec: &HookSpec, secrets: SecretsAs) -> Result<HookDraft, Vec<Problem>> {
    check_change(spec, secrets, &Kept::default())
}

/// Checks a hook that stands alone and keeps secrets it had before.
pub fn check_change(spec: &HookSpec, secrets: SecretsAs, kept: &Kept) -> Result<HookDraft, Vec<Problem>> {
    let mut problems = Problems::default();
    check(spec, secrets, kept, &mut problems).filter(|_| problems.0.is_empty()).ok_or(problems.0)
}

/// Checks a hook; `None` where it cannot even be drafted.
fn check(spec: &HookSpec, secrets: SecretsAs, kept: &Kept, problems: &mut Problems) -> Option<HookDraft> {
    if spec.name.trim().is_empty() || spec.name.len() > 100 {
        problems.add("name", "every hook has a name of 1 to 100 characters: `name = \"my-repos\"`");
    }
    let scheme = spec.scheme.clone().filter(|scheme| !scheme.is_empty());
    let sender = super::sender::check(&spec.sender, scheme.as_ref(), problems);
    let path = spec.path.as_ref().and_then(|path| problems.take("path", read_path(path)));
    let kept_secrets = check_secrets(spec, sender, secrets, kept, problems);
    let allowed_ips = check_list(&spec.allowed_ips, "allowed_ips", problems, read_network);
    unsigned::check(spec, sender, &allowed_ips, problems);
    let events = check_list(&spec.events, "events", problems, read_pattern);
    if let Some(when) = &spec.when {
        problems.take("when", Condition::compile(when));
    }
    if spec.conditions.len() > MOST_CONDITIONS {
        let what = format!("a hook has {MOST_CONDITIONS} plain conditions at most; `when` takes one of any kind");
        problems.add("conditions", what);
    }
    for (i, check) in spec.conditions.iter().enumerate() {
        if let Some(problem) = check.problem() {
            problems.add(format!("conditions[{i}]"), problem);
        }
    }
    let priority = problems.take("priority", between(spec.priority.unwrap_or(0), -1000, 1000));
    if let Some(most) = spec.max_executions {
        problems.take("max_executions", between(most, 1, 1_000_000_000));
    }
    let cooldown = spec.cooldown_seconds.unwrap_or(0);
    let cooldown = problems.take("cooldown_seconds", between(cooldown, 0, 31_536_000));
    let reconcile =
        spec.reconcile.as_ref().and_then(|reconcile| check_reconcile(reconcile, &spec.sender, secrets, kept, problems));
    super::sender::check_deduplicate(spec.deduplicate, sender, problems);
    let rate = problems.take("rate_per_minute", between(spec.rate_per_minute.unwrap_or(100), 1, 1_000_000_000));
    let most = 25 * 1024 * 1024;
    let max_body = problems.take("max_body_bytes", between(spec.max_body_bytes.unwrap_or(4 * 1024 * 1024), 1, most));
    if spec.actions.is_empty() {
        problems.add("actions", "a hook needs an action: `[[hooks.actions]]` with a `kind`");
    }
    let (actions, fallbacks) = check_actions(&spec.actions, secrets, &kept.actions, problems);
    let hook = Hook {
        id: HookId::from_text(String::new()),
        name: spec.name.clone(),
        description: spec.description.clone().unwrap_or_default(),
        path: path.unwrap_or_default(),
        sender: sender?.name.to_owned(),
        scheme,
        secrets: kept_secrets,
        retiring: Vec::new(),
        events,
        when: spec.when.clone(),
        conditions: spec.conditions.clone(),
        priority: priority?,
        max_executions: spec.max_executions,
        cooldown_seconds: cooldown?,
        rate_per_minute: rate?,
        allowed_ips,
        max_body_bytes: max_body?,
        actions,
        fallbacks,
        deduplicate: spec.deduplicate,
        status: spec.status.unwrap_or_default(),
        origin: Origin::Api,
        created_at: Timestamp::default(),
        updated_at: Timestamp::default(),
        version: 1,
        reconcile,
    };
    let (path_is_open, status_is_open) = (spec.path.is_none(), spec.status.is_none());
    Some(HookDraft { hook, sender: sender?, path_is_open, status_is_open })
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
    kept: &Kept,
    problems: &mut Problems,
) -> Vec<SecretInput> {
    let field = "secrets";
    let none = kept.secrets.as_ref().map_or(spec.secrets.is_empty(), Vec::is_empty);
    match sender {
        Some(sender) if !sender.takes_secrets() && !none => {
            problems.add(field, "the sender `none` checks no secret; name another sender, or leave `secrets` out");
        }
        Some(sender) if !sender.is_unsigned() && none => {
            problems.add(field, "a hook needs a secret to know its sender by: `secrets = [\"env:MY_SECRET\"]`");
        }
        _ => {}
    }
    if let Some(kept) = &kept.secrets {
        return kept.iter().cloned().map(SecretInput::Reference).collect();
    }
    check_list(&spec.secrets, field, problems, |text| {
        let secret = read_secret(text, secrets)?;
        if let (SecretInput::Value(value), Some(sender)) = (&secret, sender) {
            Key::new(sender, value).map_err(|e| e.to_string())?;
        }
        Ok(secret)
    })
}

/// Whether a path ends in a part long and varied enough that nobody guesses it.
pub fn is_capability(path: &str) -> bool {
    let part = path.rsplit('/').next().unwrap_or_default();
    let kinds: std::collections::HashSet<char> = part.chars().collect();
    part.len() >= CAPABILITY_LENGTH && kinds.len() >= 10
}

/// Checks where deliveries are to be looked for.
fn check_reconcile(
    spec: &ReconcileSpec,
    sender: &str,
    secrets: SecretsAs,
    kept: &Kept,
    problems: &mut Problems,
) -> Option<Reconcile<SecretInput>> {
    if sender != "github" {
        problems.add("reconcile.of", "only GitHub lists its deliveries; leave `reconcile` out for other senders");
    }
    let parts: Vec<_> = spec.of.split('/').collect();
    let plain = |part: &&str| {
        !part.is_empty()
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b))
            && !part.starts_with('.')
    };
    let known = match parts.as_slice() {
        ["repos", rest @ ..] => rest.len() == 2 && rest.iter().all(plain),
        ["orgs", rest @ ..] => rest.len() == 1 && rest.iter().all(plain),
        ["app", rest @ ..] => rest.len() <= 1 && rest.iter().all(plain),
        _ => false,
    };
    if !known {
        problems.add("reconcile.of", "say whose webhook it is: `repos/OWNER/NAME`, `orgs/NAME` or `app/APP_ID`");
    }
    if spec.webhook_id.is_none() != (parts.first() == Some(&"app")) {
        let message = "the number at the end of the webhook's settings page's address; an app's webhook has none";
        problems.add("reconcile.webhook_id", message);
    }
    let api_base = spec.api_base.as_deref().unwrap_or(GITHUB);
    let api_base = problems.take("reconcile.api_base", read_url(api_base))?;
    let same_place = kept.reconcile.as_ref().filter(|old| old.api_base == api_base);
    if api_base != GITHUB && same_place.is_none() && !secrets.names_addresses() {
        let message =
            "an address other than GitHub's own needs a token with the scope `admin`, or the configuration file";
        problems.add("reconcile.api_base", message);
    }
    // A token goes only where it was meant to go: with another address, it must be given again.
    let token = match same_place.filter(|_| spec.token.is_empty()) {
        Some(old) => SecretInput::Reference(old.token.clone()),
        None => problems.take("reconcile.token", read_secret(&spec.token, secrets))?,
    };
    let vouched = secrets.names_addresses() || same_place.is_some_and(|old| old.vouched);
    Some(Reconcile { of: spec.of.clone(), webhook_id: spec.webhook_id, token, api_base, vouched })
}

/// Reads a chat.
pub(crate) fn read_chat(chat: &Chat) -> Result<String, String> {
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

/// Reads a network, a single address, or the name of a published set of networks.
fn read_network(text: &str) -> Result<Allowed, String> {
    if crate::ranges::SETS.contains(&text) {
        return Ok(Allowed::Published(text.to_owned()));
    }
    let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    network.map(unmapped).map(Allowed::Network).map_err(|_| {
        let sets = crate::ranges::SETS.join("`, `");
        format!(
            "`{text}` is not an address or a network: write `192.0.2.7`, `192.0.2.0/24`, or a published set: `{sets}`"
        )
    })
}

/// A network of mapped addresses as the network of IPv4 that it is; requests are looked at under their own addresses.
fn unmapped(network: IpNet) -> IpNet {
    let (IpAddr::V6(address), Some(prefix)) = (network.addr(), network.prefix_len().checked_sub(96)) else {
        return network;
    };
    let v4 = address.to_ipv4_mapped().and_then(|address| IpNet::new(address.into(), prefix).ok());
    v4.unwrap_or(network)
}

/// Reads a pattern of event types.
fn read_pattern(text: &str) -> Result<String, String> {
    if text.trim().is_empty() || text.len() > 200 {
        return Err("an event pattern is 1 to 200 characters: `push`, `invoice.*`".to_owned());
    }
    Ok(text.to_owned())
}

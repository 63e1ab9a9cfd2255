//! The doors: hooks with their secrets at hand, as ingress needs them, kept for a while.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use bellhop_core::hook::{Allowed, DoorHook, HookStatus};
use bellhop_core::id::HookId;
use bellhop_core::ranges::{Ranges, contains};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::time::Timestamp;
use bellhop_senders::sender::Sender;
use bellhop_senders::verify::Key;
use futures_util::future::join;
use ipnet::IpNet;

use crate::cache::Cache;
use crate::ports::{DoorReader, PortResult, Secrets};
use crate::ranges::RangeBook;

/// All doors at one moment.
#[derive(Debug, Default)]
pub struct Doors {
    by_path: HashMap<String, Vec<Arc<Door>>>,
    /// How many requests a minute all hooks take together.
    pub rate_per_minute: u32,
    /// What senders call, without a slash at its end; empty where it is not configured.
    pub public_url: String,
}

/// One hook, ready to verify.
#[derive(Debug)]
pub struct Door {
    /// The hook.
    pub hook: DoorHook,
    /// Its sender.
    pub sender: &'static Sender,
    /// Its usable secrets; none where they cannot be had, and then nothing is let in.
    pub keys: Vec<Key>,
    /// What each key was made of, to explain a refusal with.
    pub secrets: Vec<Secret>,
    /// Which of the hook's secrets each key is: the current ones count first, then the retiring.
    pub places: Vec<usize>,
    /// The networks it takes requests from; not looked at where the hook names none.
    pub networks: Vec<IpNet>,
}

impl Doors {
    /// The doors at a hook path, or of the hook with this id: whose path is a secret, that has no other door.
    pub fn at(&self, path: &str) -> &[Arc<Door>] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }

    /// The secrets of all other hooks, each with its hook's name, in no order.
    pub fn others<'a>(&'a self, door: &'a Door) -> impl Iterator<Item = (&'a str, &'a Secret)> {
        // A door may stand at its hook's id too.
        let all =
            self.by_path.iter().flat_map(|(path, doors)| doors.iter().filter(move |door| door.hook.path == *path));
        let others = all.filter(|other| other.hook.id != door.hook.id);
        others.flat_map(|other| other.secrets.iter().map(|secret| (other.hook.name.as_str(), secret)))
    }

    /// Makes the doors of these hooks, as they are at this moment.
    fn open(mut hooks: Vec<DoorHook>, values: &HashMap<SecretRef, Secret>, ranges: &Ranges, now: Timestamp) -> Self {
        hooks.sort_by(|one, other| rank(one).cmp(&rank(other)));
        let mut by_path: HashMap<String, Vec<Arc<Door>>> = HashMap::new();
        for hook in hooks {
            let Some(sender) = hook.sender() else {
                log::error!(hook = hook.id.as_str(); "hook refused: this version does not know its sender");
                continue;
            };
            let networks = ranges.networks(&hook.allowed_ips);
            if networks.is_empty() && !hook.allowed_ips.is_empty() {
                log::error!(hook = hook.id.as_str(); "no networks are known of the sets that the hook names");
            }
            let (keys, secrets, places) = keys(&hook, sender, values, now);
            let door = Arc::new(Door { sender, keys, secrets, places, networks, hook });
            by_path.entry(door.hook.path.clone()).or_default().push(Arc::clone(&door));
            if door.hook.path != door.hook.id.as_str() && !door.hook.has_secret_path() {
                by_path.entry(door.hook.id.as_str().to_owned()).or_default().push(door);
            }
        }
        Self { by_path, ..Self::default() }
    }
}

/// A hook's place among those of its path: the higher its priority and the older, the sooner it comes.
fn rank(hook: &DoorHook) -> (Reverse<i32>, Timestamp, &HookId) {
    (Reverse(hook.priority), hook.created_at, &hook.id)
}

/// The secrets of a hook that count at this moment, its current ones first, each with its place among all and its end.
fn secrets_of(hook: &DoorHook, now: Timestamp) -> impl Iterator<Item = (usize, &SecretRef, Option<Timestamp>)> {
    let current = hook.secrets.iter().map(|secret| (secret, None));
    let retiring = hook.retiring.iter().map(|retiring| (&retiring.secret, Some(retiring.until)));
    let all = current.chain(retiring).enumerate().map(|(at, (secret, until))| (at, secret, until));
    all.filter(move |(_, _, until)| until.is_none_or(|until| now < until))
}

/// The usable keys of a hook, what each one was made of, and which of the hook's secrets it is.
fn keys(
    hook: &DoorHook,
    sender: &'static Sender,
    values: &HashMap<SecretRef, Secret>,
    now: Timestamp,
) -> (Vec<Key>, Vec<Secret>, Vec<usize>) {
    let (mut keys, mut secrets, mut places, mut missing) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for (at, reference, until) in secrets_of(hook, now) {
        match values.get(reference).and_then(|secret| Some((secret, Key::new(sender, secret).ok()?))) {
            Some((secret, key)) => {
                keys.push(match until {
                    Some(end) => key.until(end),
                    None => key,
                });
                secrets.push(secret.clone());
                places.push(at);
            }
            None => missing += 1,
        }
    }
    if missing > 0 {
        log::error!(hook = hook.id.as_str(), missing; "secrets of the hook are missing or unusable");
    }
    (keys, secrets, places)
}

impl Door {
    /// Whether the hook takes requests.
    pub fn is_active(&self) -> bool {
        self.hook.status == HookStatus::Active
    }

    /// Whether it takes a request from the right address for its sender's, with no other proof.
    pub fn knows_by_address(&self) -> bool {
        self.sender.is_unsigned() && !self.hook.allowed_ips.is_empty()
    }

    /// The longest body it takes, in bytes: no longer than what its sender sends, where the proof has to be looked for in it.
    pub fn max_body_bytes(&self) -> u64 {
        self.sender.max_proof_bytes().map_or(self.hook.max_body_bytes, |most| most.min(self.hook.max_body_bytes))
    }

    /// Whether a request may come from this address; an unknown address passes only a hook that names no network.
    pub fn allows(&self, source: Option<IpAddr>) -> bool {
        self.hook.allowed_ips.is_empty() || contains(&self.networks, source)
    }
}

/// Reads the doors and keeps them for at most a minute: a secret taken out of use is refused after that.
pub struct DoorCache {
    hooks: Arc<dyn DoorReader>,
    secrets: Arc<dyn Secrets>,
    ranges: RangeBook,
    cache: Cache<Doors>,
}

impl DoorCache {
    /// A cache that has read nothing yet.
    pub fn new(hooks: Arc<dyn DoorReader>, secrets: Arc<dyn Secrets>, ranges: RangeBook, cache: Cache<Doors>) -> Self {
        Self { hooks, secrets, ranges, cache }
    }

    /// The doors, none older than a minute.
    pub async fn doors(&self) -> PortResult<Arc<Doors>> {
        self.cache.get(|| self.read()).await
    }

    /// Reads the doors.
    async fn read(&self) -> PortResult<Doors> {
        let (hooks, settings) = self.hooks.doors_and_settings().await?;
        let now = self.cache.now();
        let (values, ranges) = join(self.values(&hooks, now), self.ranges_for(&hooks)).await;
        let doors = Doors::open(hooks, &values?, &ranges, now);
        let public_url = settings.public_url.unwrap_or_default();
        Ok(Doors { rate_per_minute: settings.rate_per_minute, public_url, ..doors })
    }

    /// The values of the secrets that count at this moment.
    async fn values(&self, hooks: &[DoorHook], now: Timestamp) -> PortResult<HashMap<SecretRef, Secret>> {
        let secrets = hooks.iter().flat_map(|hook| secrets_of(hook, now));
        let references: Vec<_> = secrets.map(|(_, reference, _)| reference.clone()).collect();
        if references.is_empty() {
            return Ok(HashMap::new());
        }
        self.secrets.resolve(&references).await
    }

    /// The published networks; read only where a hook names some.
    async fn ranges_for(&self, hooks: &[DoorHook]) -> Ranges {
        let mut allowed = hooks.iter().flat_map(|hook| &hook.allowed_ips);
        match allowed.any(|entry| matches!(entry, Allowed::Published(_))) {
            true => self.ranges.ranges().await,
            false => Ranges::default(),
        }
    }
}

#[cfg(test)]
mod tests;

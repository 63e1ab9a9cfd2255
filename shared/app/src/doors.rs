//! The doors: hooks with their secrets at hand, as ingress needs them, kept for a while.

use std::collections::HashMap;
use std::sync::Arc;

use bellhop_core::hook::{Hook, HookStatus};
use bellhop_core::sender::Sender;
use bellhop_core::verify::Key;

use crate::cache::Cache;
use crate::ports::{HookReader, PortResult, Secrets};

/// All doors at one moment.
#[derive(Debug, Default)]
pub struct Doors {
    by_path: HashMap<String, Vec<Arc<Door>>>,
    /// How many requests a minute all hooks take together.
    pub rate_per_minute: u32,
}

/// One hook, ready to verify.
#[derive(Debug)]
pub struct Door {
    /// The hook.
    pub hook: Hook,
    /// Its sender.
    pub sender: &'static Sender,
    /// Its usable secrets; none where they cannot be had, and then nothing is let in.
    pub keys: Vec<Key>,
}

impl Doors {
    /// The doors at a hook path, or of the hook with this id.
    pub fn at(&self, path: &str) -> &[Arc<Door>] {
        self.by_path.get(path).map_or(&[], Vec::as_slice)
    }

    /// Makes the doors of these hooks.
    async fn open(hooks: Vec<Hook>, secrets: &dyn Secrets) -> PortResult<Self> {
        let references: Vec<_> = hooks.iter().flat_map(|hook| hook.secrets.iter().cloned()).collect();
        let values = if references.is_empty() { HashMap::new() } else { secrets.resolve(&references).await? };
        let mut by_path: HashMap<String, Vec<Arc<Door>>> = HashMap::new();
        for hook in hooks {
            let Some(sender) = hook.sender() else {
                log::error!(hook = hook.id.as_str(); "hook refused: this version does not know its sender");
                continue;
            };
            let keys: Vec<_> = hook
                .secrets
                .iter()
                .filter_map(|reference| values.get(reference))
                .filter_map(|secret| Key::new(sender, secret).ok())
                .collect();
            if keys.len() < hook.secrets.len() {
                let missing = hook.secrets.len() - keys.len();
                log::error!(hook = hook.id.as_str(), missing; "secrets of the hook are missing or unusable");
            }
            let door = Arc::new(Door { sender, keys, hook });
            by_path.entry(door.hook.path.clone()).or_default().push(Arc::clone(&door));
            if door.hook.path != door.hook.id.as_str() {
                by_path.entry(door.hook.id.as_str().to_owned()).or_default().push(door);
            }
        }
        Ok(Self { by_path, rate_per_minute: 0 })
    }
}

impl Door {
    /// Whether the hook takes requests.
    pub fn is_active(&self) -> bool {
        self.hook.status == HookStatus::Active
    }
}

/// Reads the doors and keeps them for at most a minute: a secret taken out of use is refused after that.
pub struct DoorCache {
    hooks: Arc<dyn HookReader>,
    secrets: Arc<dyn Secrets>,
    cache: Cache<Doors>,
}

impl DoorCache {
    /// A cache that has read nothing yet.
    pub fn new(hooks: Arc<dyn HookReader>, secrets: Arc<dyn Secrets>, cache: Cache<Doors>) -> Self {
        Self { hooks, secrets, cache }
    }

    /// The doors, none older than a minute.
    pub async fn doors(&self) -> PortResult<Arc<Doors>> {
        self.cache.get(|| self.read()).await
    }

    /// Reads the doors.
    async fn read(&self) -> PortResult<Doors> {
        let (hooks, settings) = self.hooks.hooks_and_settings().await?;
        let mut doors = Doors::open(hooks, self.secrets.as_ref()).await?;
        doors.rate_per_minute = settings.rate_per_minute;
        Ok(doors)
    }
}

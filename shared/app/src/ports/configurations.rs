//! Where configured things are kept.

use async_trait::async_trait;
use bellhop_core::config::{Problem, Settings};
use bellhop_core::hook::Hook;
use bellhop_core::id::HookId;

use super::{Collection, DueTime, NewDocument, PortResult};

/// The configured things of a kind.
#[async_trait]
pub trait Configurations<K>: Send + Sync {
    /// Every one of them, in no order.
    async fn all(&self) -> PortResult<Vec<K>>;

    /// What it takes to write things and to delete those of these ids; a [`ConfigWriter`] does it, together with whatever
    /// else is to be done at the same time.
    async fn changes(&self, put: Vec<K>, delete: Vec<String>) -> PortResult<Vec<ConfigChange>>;

    /// Writes a thing in place of itself only where the one in the store has still this version; says whether it did.
    async fn replace(&self, thing: &K, version: u64) -> PortResult<bool>;

    /// What is wrong with a thing here and now that its check cannot see; `old` is what it takes the place of.
    fn problems(&self, _thing: &K, _old: Option<&K>) -> Vec<Problem> {
        Vec::new()
    }
}

/// One of several changes that are made together.
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigChange {
    /// A hook is this from now on.
    Hook(Box<Hook>),
    /// There is no hook of this id any more.
    NoHook(HookId),
    /// This holds for all hooks from now on.
    Settings(Settings),
    /// A document is this from now on, and never expires.
    Document {
        /// Its collection.
        collection: Collection,
        /// Its key there.
        key: String,
        /// The document, as JSON.
        text: String,
    },
    /// There is no document at this key any more.
    NoDocument {
        /// Its collection.
        collection: Collection,
        /// Its key there.
        key: String,
    },
    /// This due time is in the index from now on.
    Due(DueTime),
}

/// Whatever people configure, for changing.
#[async_trait]
pub trait ConfigWriter: Send + Sync {
    /// Makes all these changes, or none of them. No two are of the same thing.
    async fn write_together(&self, changes: Vec<ConfigChange>) -> PortResult<()>;

    /// Writes a document only where the one at its key has still this version, `None`: where there is none, and makes all
    /// these changes with it, or none of them; says whether it did. None is of the same document.
    async fn swap_together(
        &self,
        swap: &NewDocument<'_>,
        version: Option<u64>,
        changes: Vec<ConfigChange>,
    ) -> PortResult<bool>;
}

/// The hooks and what holds for all of them, for changing.
#[async_trait]
pub trait HookWriter: ConfigWriter {
    /// Writes the hooks and deletes those named, all or nothing; settings too where they are given.
    async fn write_hooks(&self, put: &[Hook], delete: &[HookId], settings: Option<&Settings>) -> PortResult<()> {
        let put = put.iter().map(|hook| ConfigChange::Hook(Box::new(hook.clone())));
        let delete = delete.iter().cloned().map(ConfigChange::NoHook);
        let settings = settings.cloned().map(ConfigChange::Settings);
        self.write_together(put.chain(delete).chain(settings).collect()).await
    }

    /// Writes a hook in place of itself only where the one in the store has still this version; says whether it did.
    async fn replace_hook(&self, hook: &Hook, version: u64) -> PortResult<bool>;
}

//! A few of many per hook, so that nobody can make us write by posting what proves nothing.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bellhop_core::id::HookId;
use bellhop_core::limit::Sampler;
use bellhop_core::time::Timestamp;

/// Who had how many taken of late: each hook, and nobody.
#[derive(Default)]
pub(super) struct Sampled(Mutex<HashMap<Option<HookId>, Sampler>>);

impl Sampled {
    /// Whether to take one of this hook now, or one that is nobody's.
    pub(super) fn takes(&self, hook: Option<&HookId>, now: Timestamp) -> bool {
        let mut samplers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        samplers.entry(hook.cloned()).or_default().takes(now)
    }
}

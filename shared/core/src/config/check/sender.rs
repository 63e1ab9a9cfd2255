//! Checks which sender a hook is of, and what it does in another way.

use super::Problems;
use crate::delivery::Deduplicate;
use bellhop_senders::sender::{CustomScheme, Place, Sender};

/// The sender of this name, with what the hook does in another way.
pub(super) fn check(name: &str, scheme: Option<&CustomScheme>, problems: &mut Problems) -> Option<&'static Sender> {
    let Some(sender) = Sender::named(name) else {
        let known: Vec<_> = Sender::all().iter().map(|sender| sender.name).collect();
        problems.add("sender", format!("unknown sender `{name}`; known are {}", known.join(", ")));
        return None;
    };
    let Some(scheme) = scheme else { return Some(sender) };
    let troubles = match scheme.sender(sender) {
        Ok(custom) => return Some(custom),
        Err(troubles) => troubles,
    };
    for trouble in troubles {
        let field = format!("scheme.{}", trouble.field);
        problems.add(field.trim_end_matches('.'), trouble.message);
    }
    None
}

/// Checks that what is to tell deliveries apart is there.
pub(super) fn check_deduplicate(own: Option<Deduplicate>, sender: Option<&Sender>, problems: &mut Problems) {
    if let (Some(Deduplicate::Id), Some(Sender { name, delivery_id: Place::Nowhere, .. })) = (own, sender) {
        problems.add(
            "deduplicate",
            format!("the sender `{name}` sends no delivery id, so `id` would find no copy: use `content` or `off`, or leave it out"),
        );
    }
}

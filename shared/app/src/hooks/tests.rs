use std::sync::Arc;

use bellhop_core::config::SecretsAs;
use bellhop_core::hook::{Hook, Origin};
use bellhop_core::time::Timestamp;
use serde_json::{Value, json};

use super::*;
use crate::cache::Changes;
use crate::testing::memory::{Memory, SetClock};

/// Whose a hook of a file is, which asks for lost deliveries there, after these fields were laid over it.
async fn origin_after(fields: Value) -> Origin {
    let clock = Arc::new(SetClock::new(Timestamp::from_seconds(1_700_000_000)));
    let memory = Arc::new(Memory::new(clock.clone()));
    let hook: Hook = serde_json::from_value(json!({
        "id": "hk_1", "name": "n", "path": "p", "sender": "github", "secrets": ["env:S"], "rate_per_minute": 1,
        "max_body_bytes": 1, "actions": [{"kind": "telegram", "chat": "1"}], "status": "active", "origin": "file", "created_at": 0, "updated_at": 0,
        "reconcile": {"of": "repos/octo/hello", "webhook_id": 1, "token": "env:T", "api_base": "https://ghe.internal"},
    }))
    .unwrap();
    memory.write_hooks(std::slice::from_ref(&hook), &[], None).await.unwrap();
    let (reader, writer, vault) = (memory.clone(), memory.clone(), memory);
    let hooks = Hooks::new(reader, writer, vault, clock, Changes::default());
    let edit = Edit::Patch(fields.as_object().unwrap(), SecretsAs::Values);
    hooks.catalogue.change(hook.id.as_str(), None, &edit).await.unwrap().origin
}

#[tokio::test]
async fn whoever_names_an_address_through_the_api_answers_for_it() {
    let token = "ghp_0123456789";
    for (fields, origin) in [
        (json!({"description": "changed"}), Origin::File),
        (json!({"reconcile": {"webhook_id": 2}}), Origin::File),
        (json!({"reconcile": null}), Origin::File),
        (json!({"reconcile": {"api_base": "https://ghe.internal", "token": token}}), Origin::File),
        (json!({"reconcile": {"api_base": "https://metadata.internal", "token": token}}), Origin::Api),
    ] {
        assert_eq!(origin_after(fields.clone()).await, origin, "{fields}");
    }
}

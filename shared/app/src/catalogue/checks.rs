//! Checks of what users write: conditions and templates are compiled and tried, which takes longer than anything that the
//! thread that accepts may wait for.

use bellhop_core::config::{CheckedConfig, ConfigSpec, Configured, Problem, SecretsAs, check_config};
use serde_json::{Map, Value};
use tokio::sync::Semaphore;

/// How many checks run at once; the others wait.
static AT_ONCE: Semaphore = Semaphore::const_new(2);

/// Checks a new thing; the error names each wrong field.
pub(super) async fn new<K: Configured>(spec: K::Spec, secrets: SecretsAs) -> Result<K::Draft, Vec<Problem>> {
    elsewhere(move || K::check(&spec, secrets, None)).await
}

/// Checks a change of a thing, with the fields that it names.
pub(super) async fn change<K: Configured>(
    spec: K::Spec,
    secrets: SecretsAs,
    old: K,
    fields: Map<String, Value>,
) -> Result<K::Draft, Vec<Problem>> {
    elsewhere(move || K::check(&spec, secrets, Some((&old, &fields)))).await
}

/// Checks a whole configuration.
pub async fn config(spec: ConfigSpec) -> Result<CheckedConfig, Vec<Problem>> {
    elsewhere(move || check_config(&spec, SecretsAs::Values)).await
}

/// Runs a check on a thread on which nobody waits; its panic is the caller's.
async fn elsewhere<T: Send + 'static>(check: impl FnOnce() -> T + Send + 'static) -> T {
    // Whoever asked may go away meanwhile: the turn lasts as long as the check.
    let turn = AT_ONCE.acquire().await;
    let checked = tokio::task::spawn_blocking(move || {
        let _turn = turn;
        check()
    });
    match checked.await {
        Ok(checked) => checked,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The process is going down, and whoever waited goes with it.
            Err(_) => std::future::pending().await,
        },
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::path::Path;
    use std::sync::mpsc;
    use std::task::{Context, Poll, Waker};

    use bellhop_core::config::HookSpec;
    use bellhop_core::hook::Hook;
    use serde_json::json;

    use super::*;

    /// Whether a check waits while every thread for such work is taken, and what it comes to once one is free.
    fn waits<T>(check: impl Future<Output = T>) -> T {
        let one = tokio::runtime::Builder::new_current_thread().max_blocking_threads(1).build().unwrap();
        let (release, held) = mpsc::channel::<()>();
        one.block_on(async {
            let taken = tokio::task::spawn_blocking(move || held.recv());
            let mut check = std::pin::pin!(check);
            for _ in 0..10 {
                assert!(matches!(check.as_mut().poll(&mut Context::from_waker(Waker::noop())), Poll::Pending));
                tokio::task::yield_now().await;
            }
            release.send(()).unwrap();
            taken.await.unwrap().unwrap();
            check.await
        })
    }

    #[test]
    fn no_check_runs_on_the_thread_that_asks_for_it() {
        let hook = json!({
            "name": "n", "sender": "github", "secrets": ["s".repeat(32)],
            "actions": [{"kind": "telegram", "chat": 1, "template": "{{ 'x' | indent(1000000000) }}"}],
        });
        let spec = || serde_json::from_value::<HookSpec>(hook.clone()).unwrap();
        let config_spec = serde_json::from_value::<ConfigSpec>(json!({"hooks": [hook]})).unwrap();
        for problems in [
            waits(new::<Hook>(spec(), SecretsAs::Values)).err(),
            waits(change(spec(), SecretsAs::Values, crate::testing::front::hook(&json!({"id": "hk_1"})), Map::new()))
                .err(),
            waits(config(config_spec)).err(),
        ] {
            let problems = problems.unwrap();
            assert!(problems.iter().any(|p| p.message.contains("holds more than 8 MiB")), "{problems:?}");
        }
    }

    #[test]
    fn nothing_else_in_this_crate_checks_what_users_write() {
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|kind| kind == "rs") && !path.ends_with("catalogue/checks.rs") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    let calls = ["check_hook(", "check_change(", "check_config(", "K::check(", "Hook::check("]
                        .iter()
                        .any(|call| text.contains(call));
                    assert!(!calls, "{} checks on the thread that it runs on", path.display());
                }
            }
        }
    }
}

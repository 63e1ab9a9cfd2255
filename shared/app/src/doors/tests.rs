use serde_json::json;

use super::*;
use crate::ports::Collection;
use crate::testing::front::Memory;

/// The hooks at a path, in their order.
fn ids(doors: &Doors, path: &str) -> Vec<String> {
    doors.at(path).iter().map(|door| door.hook.id.to_string()).collect()
}

#[tokio::test]
async fn hooks_of_a_path_come_by_priority_then_by_age() {
    let memory = Memory::with(
        &[
            json!({"id": "young", "created_at": 3}),
            json!({"id": "low", "priority": -1}),
            json!({"id": "b", "created_at": 2}),
            json!({"id": "high", "priority": 5, "created_at": 9}),
            json!({"id": "a", "created_at": 2}),
            json!({"id": "elsewhere", "path": "other", "priority": 9}),
            json!({"id": "signed", "path": "third", "sender": "github", "secrets": ["env:S"]}),
            json!({"id": "fenced", "path": "fourth", "allowed_ips": ["192.0.2.0/24"]}),
            json!({"id": "both", "path": "in-0a1b2c3d4e5f6g7h8i9j0k", "allowed_ips": ["192.0.2.0/24"]}),
        ],
        &[("S", "s")],
    );
    let doors = memory.doors().doors().await.unwrap();
    assert_eq!(ids(&doors, "p"), ["high", "a", "b", "young", "low"]);
    for id in ["signed", "fenced"] {
        assert_eq!(ids(&doors, id), [id]);
    }
    for secret in ["young", "high", "elsewhere", "both"] {
        assert_eq!(ids(&doors, secret), [""; 0], "its path is all that proves a sender of `{secret}`");
    }
    assert_eq!(ids(&doors, "nowhere"), [""; 0]);
}

#[tokio::test]
async fn retiring_secrets_come_after_the_current_ones_and_go_when_their_time_is_over() {
    let end = 1_700_000_000_000u64;
    let secrets = json!(["env:GONE", "env:NEW"]);
    let retiring = json!([
        {"secret": "env:OLDEST", "until": end},
        {"secret": "env:OLD", "until": end + 1},
        {"secret": "env:LATER", "until": end + 90_000},
    ]);
    let memory = Memory::with(
        &[json!({"id": "h", "sender": "github", "secrets": secrets, "retiring": retiring})],
        &[("NEW", "n"), ("OLDEST", "o"), ("OLD", "o"), ("LATER", "l")],
    );
    let cache = memory.doors();
    for (ms, asked, places) in [
        (end, vec!["env:GONE", "env:NEW", "env:OLD", "env:LATER"], vec![1, 3, 4]),
        (end + 60_000, vec!["env:GONE", "env:NEW", "env:LATER"], vec![1, 4]),
        (end + 120_000, vec!["env:GONE", "env:NEW"], vec![1]),
    ] {
        memory.set_ms(ms);
        let doors = cache.doors().await.unwrap();
        assert_eq!(doors.at("p")[0].places, places, "{ms}");
        assert_eq!(doors.at("p")[0].keys.len(), places.len());
        assert_eq!(*memory.asked.lock().unwrap(), asked, "{ms}");
    }
}

#[tokio::test]
async fn published_networks_are_read_where_a_hook_names_them_and_only_there() {
    let plain = json!({"id": "plain", "allowed_ips": ["10.0.0.0/8"]});
    let memory = Memory::with(std::slice::from_ref(&plain), &[]);
    memory.doors().doors().await.unwrap();
    assert_eq!(memory.listed.load(std::sync::atomic::Ordering::Relaxed), 0);

    let named = json!({"id": "named", "allowed_ips": ["github", "10.0.0.0/8"]});
    let unknown = json!({"id": "unknown", "allowed_ips": ["nobody's"]});
    let memory = Memory::with(&[plain, named, unknown], &[]);
    memory.set_document(Collection::Ranges, "github", r#"{"networks":["192.0.2.0/24"],"fetched_at":1}"#);
    let doors = memory.doors().doors().await.unwrap();
    for (id, inside) in [("plain", [false, true]), ("named", [true, true]), ("unknown", [false, false])] {
        let door = doors.at("p").iter().find(|door| door.hook.id.as_str() == id).unwrap();
        let allows = ["192.0.2.7", "10.1.2.3"].map(|ip| door.allows(ip.parse().ok()));
        assert_eq!(allows, inside, "{id}");
        assert!(!door.allows(None), "{id}");
    }
}

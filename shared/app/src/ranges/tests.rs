use std::sync::Mutex;

use bellhop_core::hook::{Allowed, Hook};
use serde_json::json;

use super::*;
use crate::reconcile::tests::Book;

const DAY: u64 = RENEW_MS;

/// A provider that publishes these networks, or nothing at all.
struct Provider(Mutex<Option<Vec<&'static str>>>);

#[async_trait]
impl PublishedNetworks for Provider {
    async fn github(&self) -> PortResult<Vec<IpNet>> {
        let networks = self.0.lock().unwrap().clone();
        let networks = networks.ok_or_else(|| PortError::new("GitHub", "no answer"))?;
        Ok(networks.iter().map(|text| text.parse().unwrap()).collect())
    }
}

fn hook(allowed: Allowed) -> Hook {
    serde_json::from_value(json!({
        "id": "hk_1", "name": "n", "path": "p", "sender": "none", "secrets": [], "rate_per_minute": 1,
        "max_body_bytes": 1, "actions": [], "status": "active", "origin": "api", "created_at": 0, "updated_at": 0,
        "allowed_ips": [allowed],
    }))
    .unwrap()
}

/// The networks in force after each day's answer of the provider.
async fn check(allowed: Allowed, days: &[(Option<&[&'static str]>, &[&str])]) {
    let documents = Arc::new(Book { hooks: vec![hook(allowed)], ..Book::default() });
    let provider = Arc::new(Provider(Mutex::new(None)));
    let refresh = RangeRefresh { hooks: documents.clone(), documents: documents.clone(), published: provider.clone() };
    for (day, (published, expected)) in (1..).zip(days) {
        *provider.0.lock().unwrap() = published.map(<[_]>::to_vec);
        refresh.refresh(Timestamp::from_ms(day * DAY)).await.ok();
        let ranges = RangeBook::new(documents.clone()).ranges().await;
        let networks: Vec<_> = ranges.set("github").unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(networks, *expected, "day {day}");
    }
}

/// The networks that came with this version.
fn shipped() -> Vec<String> {
    Ranges::shipped().set("github").unwrap().iter().map(ToString::to_string).collect()
}

const FOUR: [&str; 4] = ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];

#[tokio::test]
async fn the_last_good_answer_is_in_force() {
    let shipped = shipped();
    let shipped: Vec<_> = shipped.iter().map(String::as_str).collect();
    check(
        Allowed::Published("github".to_owned()),
        &[
            (None, &shipped),
            (Some(&FOUR), &FOUR),
            (Some(&[]), &FOUR),
            (Some(&FOUR[..1]), &FOUR),
            (None, &FOUR),
            (Some(&["0.0.0.0/0", "::/0"]), &FOUR),
            (Some(&FOUR[..2]), &FOUR[..2]),
        ],
    )
    .await;
}

#[tokio::test]
async fn nobody_is_asked_where_no_hook_names_a_set() {
    let shipped = shipped();
    let shipped: Vec<_> = shipped.iter().map(String::as_str).collect();
    check(Allowed::Network("10.0.0.0/8".parse().unwrap()), &[(Some(&FOUR), &shipped)]).await;
}

#[tokio::test]
async fn a_set_is_asked_for_once_a_day() {
    let documents = Arc::new(Book { hooks: vec![hook(Allowed::Published("github".to_owned()))], ..Book::default() });
    let provider = Arc::new(Provider(Mutex::new(Some(FOUR.to_vec()))));
    let refresh = RangeRefresh { hooks: documents.clone(), documents: documents.clone(), published: provider.clone() };
    assert!(refresh.refresh(Timestamp::from_ms(DAY)).await.unwrap());
    *provider.0.lock().unwrap() = Some(FOUR[..3].to_vec());
    assert!(!refresh.refresh(Timestamp::from_ms(2 * DAY - 1)).await.unwrap());
    assert!(refresh.refresh(Timestamp::from_ms(2 * DAY)).await.unwrap());
}

#[tokio::test]
async fn a_note_that_cannot_be_read_gives_way_to_the_shipped_set() {
    let documents = Arc::new(Book::default());
    let document = NewDocument { collection: Collection::Ranges, key: "github", text: "{", expires: None };
    documents.write(&document).await.unwrap();
    assert_eq!(RangeBook::new(documents).ranges().await, Ranges::shipped());
}

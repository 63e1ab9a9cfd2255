//! The catalogue over a kind of its own, which is written here alone: no store, no port and no use case knows it.

mod pager;

use std::sync::Arc;

use bellhop_core::config::{Configured as _, SecretsAs};
use bellhop_core::hook::Origin;
use bellhop_core::secret::SecretRef;
use serde_json::{Map, Value, json};

use super::*;
use crate::ports::{Collection, Secrets as _};
use crate::testing::memory::{Memory, SetClock};
use pager::{Pager, PagerSpec};

/// The collection of pagers: any one, in a world that has nothing else in it.
const PAGERS: Collection = Collection::Replay;

/// A catalogue of pagers in a world of its own.
struct Stage {
    catalogue: Catalogue<Pager>,
    memory: Arc<Memory>,
    clock: Arc<SetClock>,
}

impl Stage {
    /// A catalogue with nothing in it.
    fn new() -> Self {
        let clock = Arc::new(SetClock::new(Timestamp::from_seconds(1_700_000_000)));
        let memory = Arc::new(Memory::new(clock.clone()));
        let things = Arc::new(InDocuments::new(memory.clone(), PAGERS));
        let catalogue = Catalogue { things, vault: memory.clone(), clock: clock.clone(), changes: Changes::default() };
        Self { catalogue, memory, clock }
    }

    /// Makes a pager through the API.
    async fn made(&self, spec: Value) -> Result<Pager, NotMade> {
        self.clock.advance_ms(1_000);
        self.catalogue.create(spec_of(spec), SecretsAs::Values).await
    }

    /// Lays fields over a pager's.
    async fn patched(&self, id: &str, expected: Option<&[u64]>, fields: Value) -> Result<Pager, NotMade> {
        self.clock.advance_ms(1_000);
        let Value::Object(fields) = fields else { panic!("{fields} is no object") };
        self.catalogue.change(id, expected, &Edit::Patch(&fields, SecretsAs::Values)).await
    }

    /// What a reference leads to.
    async fn value(&self, reference: &SecretRef) -> Option<String> {
        let mut found = self.memory.resolve(std::slice::from_ref(reference)).await.unwrap();
        found.remove(reference).map(|secret| secret.expose().to_owned())
    }

    /// The names of all pagers.
    async fn names(&self) -> Vec<String> {
        self.catalogue.list().await.unwrap().iter().map(|pager| pager.name().to_owned()).collect()
    }
}

/// A pager as it is written.
fn spec_of(spec: Value) -> PagerSpec {
    serde_json::from_value(spec).unwrap()
}

/// Pagers of a file, checked.
fn drafts(specs: &[Value]) -> Vec<pager::PagerDraft> {
    specs.iter().map(|spec| Pager::check(&spec_of(spec.clone()), SecretsAs::Values, None).unwrap()).collect()
}

#[tokio::test]
async fn a_thing_is_made_changed_and_deleted_with_its_secret() {
    let stage = Stage::new();
    let pager = stage.made(json!({"name": "night", "number": 7, "pin": "first-pin"})).await.unwrap();
    assert_eq!((pager.version, pager.origin, pager.number), (1, Origin::Api, 7));
    assert!(pager.id.starts_with("pg_"));
    assert_eq!(stage.value(&pager.pin).await.as_deref(), Some("first-pin"));
    let changed = stage.patched(&pager.id, None, json!({"number": 8, "pin": "second-pin"})).await.unwrap();
    assert_eq!((changed.version, changed.number, &changed.name), (2, 8, &pager.name));
    assert!(changed.updated_at > pager.updated_at && changed.created_at == pager.created_at);
    assert_eq!(stage.value(&changed.pin).await.as_deref(), Some("second-pin"));
    assert_eq!(stage.value(&pager.pin).await, None, "what nothing refers to is forgotten");
    let same = stage.patched(&pager.id, None, json!({"number": 8})).await.unwrap();
    assert_eq!(same, changed, "what changes nothing makes no version");
    stage.catalogue.delete(&pager.id, None).await.unwrap();
    assert_eq!((stage.value(&changed.pin).await, stage.names().await), (None, Vec::new()));
}

#[tokio::test]
async fn what_cannot_be_is_refused_and_changes_nothing() {
    let stage = Stage::new();
    let night = stage.made(json!({"name": "night", "number": 7, "pin": "p"})).await.unwrap();
    let day = stage.made(json!({"name": "day", "number": 1, "pin": "q"})).await.unwrap();
    let taken = stage.made(json!({"name": "day", "number": 2, "pin": "r"})).await.unwrap_err();
    assert_eq!(taken.to_string(), "another pager is called `day` already");
    let renamed = stage.patched(&night.id, None, json!({"name": "day"})).await.unwrap_err();
    assert!(matches!(renamed, NotMade::NameTaken("pager", name) if name == "day"));
    for (fields, field) in [
        (json!({"number": 0}), "number"),
        (json!({"number": "seven"}), "number"),
        (json!({"colour": "red"}), "colour"),
        (json!({"number": null}), "the body"),
        (json!({"pin": "env:HOME"}), "pin"),
    ] {
        let refused = stage.patched(&night.id, None, fields.clone()).await.unwrap_err();
        let NotMade::Invalid(problems) = &refused else { panic!("{fields}: {refused}") };
        assert!(problems.iter().any(|problem| problem.field == field), "{fields}: {problems:?}");
    }
    assert!(matches!(stage.patched("pg_nobody", None, json!({})).await, Err(NotMade::Gone("pager"))));
    assert!(matches!(stage.catalogue.delete("pg_nobody", None).await, Err(NotMade::Gone("pager"))));
    assert_eq!(stage.catalogue.list().await.unwrap(), [day, night]);
}

#[tokio::test]
async fn of_two_changes_of_one_version_one_is_refused() {
    let stage = Stage::new();
    let pager = stage.made(json!({"name": "night", "number": 7, "pin": "p"})).await.unwrap();
    let first = stage.patched(&pager.id, Some(&[1]), json!({"number": 8})).await.unwrap();
    assert_eq!(first.version, 2);
    let second = stage.patched(&pager.id, Some(&[1]), json!({"number": 9})).await.unwrap_err();
    assert_eq!(second.to_string(), "the pager has been changed since; read it again");
    assert!(matches!(stage.catalogue.delete(&pager.id, Some(&[1])).await, Err(NotMade::Outdated("pager"))));
    assert_eq!(stage.patched(&pager.id, None, json!({"number": 9})).await.unwrap().version, 3);
    stage.catalogue.delete(&pager.id, Some(&[3])).await.unwrap();
    assert!(stage.names().await.is_empty());
}

#[tokio::test]
async fn changes_that_others_get_in_the_way_of_are_tried_again_and_then_given_up() {
    /// Others who change a pager each time it is about to be written, so many times.
    struct Crowd {
        things: InDocuments<Pager>,
        left: std::sync::atomic::AtomicUsize,
    }

    #[async_trait::async_trait]
    impl Configurations<Pager> for Crowd {
        async fn all(&self) -> PortResult<Vec<Pager>> {
            self.things.all().await
        }

        async fn write(&self, put: &[Pager], delete: &[String]) -> PortResult<()> {
            self.things.write(put, delete).await
        }

        async fn replace(&self, thing: &Pager, version: u64) -> PortResult<bool> {
            use std::sync::atomic::Ordering::Relaxed;
            if self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                let mut others = self.all().await?.remove(0);
                others.touch(others.version + 1, others.updated_at);
                self.write(&[others], &[]).await?;
            }
            self.things.replace(thing, version).await
        }
    }

    for (others, version) in [(TRIES - 1, Some(1 + TRIES as u64)), (TRIES, None)] {
        let Stage { catalogue, memory, clock } = Stage::new();
        let things = Crowd { things: InDocuments::new(memory.clone(), PAGERS), left: others.into() };
        let stage = Stage { catalogue: Catalogue { things: Arc::new(things), ..catalogue }, memory, clock };
        let pager = stage.made(json!({"name": "night", "number": 7, "pin": "p"})).await.unwrap();
        let changed = stage.patched(&pager.id, None, json!({"number": 8})).await;
        match version {
            Some(version) => assert_eq!(changed.unwrap().version, version),
            None => assert_eq!(changed.unwrap_err().to_string(), "the pager is being changed by others; try again"),
        }
    }
}

#[tokio::test]
async fn lists_are_read_page_by_page_newest_first() {
    let stage = Stage::new();
    for number in 1..=5 {
        stage.made(json!({"name": format!("n{number}"), "number": number, "pin": "p"})).await.unwrap();
    }
    let (mut after, mut seen, mut pages) = (None, Vec::new(), 0);
    loop {
        let (things, next) = stage.catalogue.page(after.as_ref(), 2).await.unwrap();
        seen.extend(things.iter().map(|pager| pager.number));
        pages += 1;
        match next {
            Some(place) => after = Some(place),
            None => break,
        }
    }
    assert_eq!((seen, pages), (vec![5, 4, 3, 2, 1], 3));
}

#[tokio::test]
async fn a_file_is_planned_told_and_applied_as_a_whole() {
    let stage = Stage::new();
    stage.made(json!({"name": "by hand", "number": 1, "pin": "p"})).await.unwrap();
    let file = [json!({"name": "a", "number": 1, "pin": "pin-a"}), json!({"name": "b", "number": 2, "pin": "pin-b"})];
    let plan = stage.catalogue.plan(drafts(&file)).await.unwrap();
    assert_eq!(plan.changes, [Change::Created("a".into()), Change::Created("b".into())]);
    assert_eq!(stage.names().await, ["by hand"], "a plan writes nothing");
    let kept: Vec<_> = plan.put.iter().map(|pager| pager.pin.clone()).collect();
    for pin in &kept {
        assert_eq!(stage.value(pin).await, None, "nor does it keep a secret");
    }
    assert_eq!(stage.catalogue.apply(plan).await.unwrap(), Applied { created: 2, ..Applied::default() });
    assert_eq!(stage.value(&kept[0]).await.as_deref(), Some("pin-a"));
    let file = [
        json!({"name": "b", "number": 2, "pin": "pin-b"}),
        json!({"name": "by hand", "number": 3, "pin": "p2"}),
        json!({"name": "c", "number": 4, "pin": "pin-c"}),
    ];
    let plan = stage.catalogue.plan(drafts(&file)).await.unwrap();
    let different = ["number", "origin", "pin"].map(str::to_owned).to_vec();
    let [b, hand, c, a] = [
        Change::Unchanged("b".into()),
        Change::Updated("by hand".into(), different),
        Change::Created("c".into()),
        Change::Deleted("a".into()),
    ];
    assert_eq!(plan.changes, [b, hand, c, a]);
    assert!(!format!("{:?}", plan.changes).contains("p2"), "a plan tells no secret");
    let applied = stage.catalogue.apply(plan).await.unwrap();
    assert_eq!(applied, Applied { created: 1, updated: 1, unchanged: 1, deleted: 1 });
    assert_eq!(stage.names().await, ["b", "by hand", "c"]);
    assert_eq!(stage.value(&kept[0]).await, None, "the secrets of what is gone are forgotten");
    let again = stage.catalogue.plan(drafts(&file)).await.unwrap();
    assert_eq!(again.applied, Applied { unchanged: 3, ..Applied::default() });
}

#[tokio::test]
async fn an_import_adds_and_changes_and_deletes_nothing() {
    let stage = Stage::new();
    let file = drafts(&[json!({"name": "a", "number": 1, "pin": "p"}), json!({"name": "b", "number": 2, "pin": "q"})]);
    let plan = stage.catalogue.plan(file).await.unwrap();
    stage.catalogue.apply(plan).await.unwrap();
    let import =
        drafts(&[json!({"name": "b", "number": 5, "pin": "q"}), json!({"name": "c", "number": 3, "pin": "r"})]);
    let plan = stage.catalogue.plan_import(import).await.unwrap();
    assert_eq!(plan.changes, [Change::Updated("b".into(), vec!["number".into()]), Change::Created("c".into())]);
    stage.catalogue.apply(plan).await.unwrap();
    let all = stage.catalogue.list().await.unwrap();
    let seen: Vec<_> = all.iter().map(|pager| (pager.name(), pager.number, pager.origin, pager.version)).collect();
    let expected = [("a", 1, Origin::File, 1), ("b", 5, Origin::File, 2), ("c", 3, Origin::Api, 1)];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn kinds_in_collections_of_their_own_do_not_meet() {
    let stage = Stage::new();
    stage.made(json!({"name": "night", "number": 7, "pin": "p"})).await.unwrap();
    let hooks = InDocuments::<bellhop_core::hook::Hook>::new(stage.memory.clone(), Collection::Offer);
    assert!(hooks.all().await.unwrap().is_empty());
    hooks.write(&[], &["pg_1".to_owned()]).await.unwrap();
    assert_eq!(stage.names().await, ["night"]);
    let fields = Map::new();
    let none = stage.catalogue.change("hk_1", None, &Edit::Patch(&fields, SecretsAs::Values)).await;
    assert!(matches!(none, Err(NotMade::Gone("pager"))));
}

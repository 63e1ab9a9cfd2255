//! The catalogue over a kind of its own, which is written here alone: no store, no port and no use case knows it.

mod pager;

use std::sync::Arc;

use bellhop_core::config::{Configured as _, SecretsAs};
use bellhop_core::hook::Origin;
use bellhop_core::secret::SecretRef;
use serde_json::{Map, Value, json};

use super::*;
use crate::ports::{Collection, ConfigChange, DueTimes as _, NewDocument, Secrets as _};
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
        let (writer, vault, changes) = (memory.clone(), memory.clone(), Changes::default());
        let catalogue = Catalogue { things, writer, vault, clock: clock.clone(), changes };
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

    /// The plan of a file.
    async fn planned(&self, file: &[Value]) -> Plan<Pager> {
        Plan::new(&*self.clock, self.catalogue.things.all().await.unwrap(), drafts(file))
    }

    /// Carries a plan out.
    async fn apply(&self, plan: Plan<Pager>) -> Applied {
        let mut together = Together::default();
        let applied = together.add(&self.catalogue, plan).await.unwrap();
        self.catalogue.carry_out(together).await.unwrap();
        applied
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
        writer: Arc<Memory>,
        left: std::sync::atomic::AtomicUsize,
    }

    #[async_trait::async_trait]
    impl Configurations<Pager> for Crowd {
        async fn all(&self) -> PortResult<Vec<Pager>> {
            self.things.all().await
        }

        async fn changes(&self, put: Vec<Pager>, delete: Vec<String>) -> PortResult<Vec<ConfigChange>> {
            self.things.changes(put, delete).await
        }

        async fn replace(&self, thing: &Pager, version: u64) -> PortResult<bool> {
            use std::sync::atomic::Ordering::Relaxed;
            if self.left.fetch_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok() {
                let mut others = self.all().await?.remove(0);
                others.touch(others.version + 1, others.updated_at);
                self.writer.write_together(self.changes(vec![others], Vec::new()).await?).await?;
            }
            self.things.replace(thing, version).await
        }
    }

    for (others, version) in [(TRIES - 1, Some(1 + TRIES as u64)), (TRIES, None)] {
        let Stage { catalogue, memory, clock } = Stage::new();
        let (things, writer) = (InDocuments::new(memory.clone(), PAGERS), memory.clone());
        let things = Crowd { things, writer, left: others.into() };
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
    let plan = stage.planned(&file).await;
    assert_eq!(plan.changes, [Change::Created("a".into()), Change::Created("b".into())]);
    assert_eq!(stage.names().await, ["by hand"], "a plan writes nothing");
    let kept: Vec<_> = plan.put.iter().map(|pager| pager.pin.clone()).collect();
    for pin in &kept {
        assert_eq!(stage.value(pin).await, None, "nor does it keep a secret");
    }
    assert_eq!(stage.apply(plan).await, Applied { created: 2, ..Applied::default() });
    assert_eq!(stage.value(&kept[0]).await.as_deref(), Some("pin-a"));
    let file = [
        json!({"name": "b", "number": 2, "pin": "pin-b"}),
        json!({"name": "by hand", "number": 3, "pin": "p2"}),
        json!({"name": "c", "number": 4, "pin": "pin-c"}),
    ];
    let plan = stage.planned(&file).await;
    let [b, hand, c, a] = &plan.changes[..] else { panic!("{:?}", plan.changes) };
    let others = [Change::Unchanged("b".into()), Change::Created("c".into()), Change::Deleted("a".into())];
    assert_eq!([b, c, a], others.each_ref());
    let Change::Updated(name, fields) = hand else { panic!("{hand:?}") };
    let [number, origin, pin] = &fields[..] else { panic!("{fields:?}") };
    assert_eq!(
        (name.as_str(), origin.before.clone(), origin.after.clone()),
        ("by hand", Some(json!("api")), Some(json!("file")))
    );
    assert_eq!(
        (&*number.field, number.before.clone(), number.after.clone()),
        ("number", Some(json!(1)), Some(json!(3)))
    );
    let shown = format!("{:?}", plan.changes);
    assert!(pin.after.as_ref().is_some_and(|pin| pin.as_str().unwrap().starts_with("fingerprint ")), "{shown}");
    assert!(!shown.contains("p2") && !shown.contains("stored:"), "a plan tells no secret, and not where one is kept");
    let applied = stage.apply(plan).await;
    assert_eq!(applied, Applied { created: 1, updated: 1, unchanged: 1, deleted: 1 });
    assert_eq!(stage.names().await, ["b", "by hand", "c"]);
    assert_eq!(stage.value(&kept[0]).await, None, "the secrets of what is gone are forgotten");
    let again = stage.planned(&file).await;
    assert_eq!(again.applied, Applied { unchanged: 3, ..Applied::default() });
}

#[tokio::test]
async fn kinds_and_settings_of_one_file_are_written_together_or_not_at_all() {
    use crate::ports::{HookReader as _, HookWriter as _};
    use bellhop_core::config::ConfigSpec;

    /// A vault that keeps secrets, over a store that writes nothing the first time.
    struct Refusing(Arc<Memory>, std::sync::atomic::AtomicBool);

    #[async_trait::async_trait]
    impl crate::ports::ConfigWriter for Refusing {
        async fn write_together(&self, changes: Vec<ConfigChange>) -> PortResult<()> {
            if self.1.swap(false, std::sync::atomic::Ordering::Relaxed) {
                return Err(PortError::new("the store", "is away"));
            }
            self.0.write_together(changes).await
        }

        async fn swap_together(
            &self,
            swap: &NewDocument<'_>,
            version: Option<u64>,
            changes: Vec<ConfigChange>,
        ) -> PortResult<bool> {
            self.0.swap_together(swap, version, changes).await
        }
    }

    let stage = Stage::new();
    let (memory, clock) = (stage.memory.clone(), stage.clock.clone());
    let before = crate::testing::front::hook(&json!({"id": "hk_1", "name": "old", "origin": "file"}));
    memory.write_hooks(std::slice::from_ref(&before), &[], None).await.unwrap();
    let writer = Arc::new(Refusing(memory.clone(), true.into()));
    let pagers = Catalogue { writer, ..stage.catalogue };
    let file = json!({"retention_days": 7, "hooks": [{
        "name": "new", "sender": "github", "secrets": ["the-secret-of-the-hook"],
        "actions": [{"kind": "telegram", "chat": 1}],
    }], "jobs": [{
        "name": "hourly", "schedule": {"every_seconds": 3600}, "actions": [{"kind": "telegram", "chat": 1}],
    }]});
    let file: ConfigSpec = serde_json::from_value(file).unwrap();
    let (reader, hook_writer) = (memory.clone(), memory.clone());
    let hooks = crate::hooks::Hooks::new(reader, hook_writer, memory.clone(), clock.clone(), Changes::default());
    let jobs = crate::jobs::Jobs::new(crate::jobs::JobPorts {
        documents: memory.clone(),
        writer: memory.clone(),
        vault: memory.clone(),
        history: memory.clone(),
        orders: memory.clone(),
        settings: memory.clone(),
        clock: clock.clone(),
        changes: Changes::default(),
        shortest_seconds: 1,
    });
    let everything = crate::configuration::Configuration { hooks: Arc::new(hooks), jobs: Some(Arc::new(jobs)) };
    for written in [false, true] {
        let plan = everything.plan(checks::config(file.clone()).await.unwrap()).await.unwrap();
        let fields: Vec<_> = plan.settings.iter().map(|difference| difference.field.as_str()).collect();
        assert_eq!(fields, ["retention_days"]);
        assert_eq!(plan.hooks.changes, [Change::Created("new".into()), Change::Deleted("old".into())]);
        let mut together = Together::default();
        assert_eq!(everything.add(plan, &mut together).await.unwrap().created, 2);
        let all = pagers.things.all().await.unwrap();
        let plan = Plan::new(&*clock, all, drafts(&[json!({"name": "a", "number": 1, "pin": "p"})]));
        assert_eq!(together.add(&pagers, plan).await.unwrap().created, 1);
        assert_eq!(pagers.carry_out(together).await.is_ok(), written);
        let (hooks, settings) = memory.hooks_and_settings().await.unwrap();
        let hooks: Vec<_> = hooks.iter().map(|hook| hook.name.as_str()).collect();
        let pagers: Vec<_> = pagers.list().await.unwrap().into_iter().map(|pager| pager.name).collect();
        let (names, days) = if written { ("new", 7) } else { ("old", 90) };
        assert_eq!((hooks, settings.retention_days), (vec![names], days));
        assert_eq!(everything.jobs.as_ref().unwrap().catalogue.list().await.unwrap().len(), usize::from(written));
        assert_eq!(memory.earliest().await.unwrap().is_some(), written, "the job is due with it");
        assert_eq!(pagers, if written { vec!["a".to_owned()] } else { Vec::new() });
    }
}

#[tokio::test]
async fn kinds_in_collections_of_their_own_do_not_meet() {
    let stage = Stage::new();
    stage.made(json!({"name": "night", "number": 7, "pin": "p"})).await.unwrap();
    let hooks = InDocuments::<bellhop_core::hook::Hook>::new(stage.memory.clone(), Collection::Offer);
    assert!(hooks.all().await.unwrap().is_empty());
    let changes = hooks.changes(Vec::new(), vec!["pg_1".to_owned()]).await.unwrap();
    stage.memory.write_together(changes).await.unwrap();
    assert_eq!(stage.names().await, ["night"]);
    let fields = Map::new();
    let none = stage.catalogue.change("hk_1", None, &Edit::Patch(&fields, SecretsAs::Values)).await;
    assert!(matches!(none, Err(NotMade::Gone("pager"))));
}

//! What is kept: hooks and settings, documents, and secrets.

use bellhop_core::config::Settings;
use bellhop_core::hook::Hook;
use bellhop_core::secret::{Secret, SecretRef};
use futures_util::future::join_all;

use super::made::{DAY_MS, fresh_hook, now};
use crate::ports::{
    Collection, ConfigChange, Documents, DoorReader, HookReader, HookWriter, NewDocument, Secrets, Vault,
};
use crate::testing::as_door;

/// Hooks and settings are written together and read together. The store must have none yet.
pub async fn hooks(reader: &(impl HookReader + DoorReader), writer: &dyn HookWriter) {
    let empty = reader.hooks_and_settings().await.expect("hooks are read");
    assert_eq!(empty, (Vec::new(), Settings::default()));
    assert_eq!(reader.settings().await.expect("settings are read"), Settings::default());

    let mut hooks: Vec<_> = (0..40).map(|_| fresh_hook()).collect();
    let settings =
        Settings { retention_days: 7, telegram_token: Some(SecretRef::Stored("t".to_owned())), ..Settings::default() };
    writer.write_hooks(&hooks, &[], Some(&settings)).await.expect("hooks are written");
    assert_eq!(sorted(reader.hooks_and_settings().await.expect("hooks are read").0), sorted(hooks.clone()));

    let (mut doors, kept) = reader.doors_and_settings().await.expect("doors are read");
    doors.sort_by(|one, other| one.id.cmp(&other.id));
    assert_eq!((doors, &kept), (sorted(hooks.clone()).iter().map(as_door).collect(), &settings));

    let gone = hooks.split_off(30);
    let gone: Vec<_> = gone.into_iter().map(|hook| hook.id).collect();
    hooks[0].description = "changed".repeat(2_000);
    hooks.push(fresh_hook());
    let put = [hooks[0].clone(), hooks[30].clone()];
    writer.write_hooks(&put, &gone, None).await.expect("hooks are changed");
    let (read, kept) = reader.hooks_and_settings().await.expect("hooks are read");
    assert_eq!(sorted(read), sorted(hooks.clone()));
    assert_eq!((&kept, &reader.settings().await.expect("settings are read")), (&settings, &settings));
    writer.write_hooks(&[], &[], None).await.expect("writing nothing succeeds");

    let changed = Hook { version: 2, description: "replaced".to_owned(), ..hooks[1].clone() };
    assert!(writer.replace_hook(&changed, 1).await.expect("a replacement is decided"));
    assert!(!writer.replace_hook(&changed, 1).await.expect("a replacement is decided"), "it has changed since");
    assert!(!writer.replace_hook(&fresh_hook(), 1).await.expect("a replacement is decided"), "it is not there");
    hooks[1] = changed;
    assert_eq!(sorted(reader.hooks_and_settings().await.expect("hooks are read").0), sorted(hooks.clone()));

    let all: Vec<_> = hooks.into_iter().map(|hook| hook.id).collect();
    writer.write_hooks(&[], &all, Some(&Settings::default())).await.expect("hooks are deleted");
    assert_eq!(reader.hooks_and_settings().await.expect("hooks are read"), (Vec::new(), Settings::default()));
}

/// Changes of several kinds are made together: each is there afterwards, and a document begins a new version.
pub async fn together(reader: &dyn HookReader, writer: &dyn HookWriter, documents: &dyn Documents) {
    let [kept, gone, new] = [(); 3].map(|()| fresh_hook());
    writer.write_hooks(&[kept.clone(), gone.clone()], &[], None).await.expect("hooks are written");
    let collection = Collection::Offer;
    let [changed, deleted, made] = ["changed", "deleted", "made"].map(|name| format!("{name} {}", new.id));
    for key in [&changed, &deleted] {
        // One that would expire.
        let expires = Some(now().plus_ms(DAY_MS));
        documents.write(&NewDocument { collection, key, text: "1", expires }).await.expect("a document is written");
    }
    let settings = Settings { retention_days: 9, ..Settings::default() };
    let document = |key: &str| ConfigChange::Document { collection, key: key.to_owned(), text: "2".to_owned() };
    let changes = vec![
        ConfigChange::Hook(Box::new(new.clone())),
        ConfigChange::NoHook(gone.id),
        ConfigChange::Settings(settings.clone()),
        document(&changed),
        document(&made),
        ConfigChange::NoDocument { collection, key: deleted.clone() },
    ];
    writer.write_together(changes).await.expect("all are made");
    let (hooks, stored) = reader.hooks_and_settings().await.expect("hooks are read");
    assert_eq!((sorted(hooks), stored), (sorted(vec![kept.clone(), new.clone()]), settings));
    for (key, expected) in [(&changed, Some(("2".to_owned(), 2))), (&made, Some(("2".to_owned(), 1))), (&deleted, None)]
    {
        let found = documents.document(collection, key).await.expect("a document is looked for");
        assert_eq!(found.map(|document| (document.text, document.version)), expected, "{key}");
        documents.delete_document(collection, key).await.expect("a document is deleted");
    }
    writer.write_together(Vec::new()).await.expect("writing nothing succeeds");
    writer.write_hooks(&[], &[kept.id, new.id], Some(&Settings::default())).await.expect("hooks are deleted");
}

/// A document is what was last written; of many that swap at the same time one does.
pub async fn documents(documents: &dyn Documents) {
    let key = format!("key \"{}\"", now().as_ms());
    for collection in Collection::ALL {
        assert_eq!(
            documents.document(collection, &key).await.expect("a document is looked for"),
            None,
            "{collection:?}"
        );
        let new = |text| NewDocument { collection, key: &key, text, expires: None };
        documents.write(&new("{\"a\":1}")).await.expect("a document is written");
        assert_eq!(document(documents, collection, &key).await, Some(("{\"a\":1}".to_owned(), 1)));
        documents.write(&new("2")).await.expect("a document is written");
        assert_eq!(document(documents, collection, &key).await, Some(("2".to_owned(), 2)));
        assert!(!documents.swap(&new("3"), None).await.expect("a swap is decided"), "there is one");
        assert!(!documents.swap(&new("3"), Some(1)).await.expect("a swap is decided"), "it has changed since");
        assert!(documents.swap(&new("3"), Some(2)).await.expect("a swap is decided"));
        assert_eq!(document(documents, collection, &key).await, Some(("3".to_owned(), 3)));
        let listed = documents.documents(collection).await.expect("documents are listed");
        assert!(
            listed.iter().any(|(found, document)| *found == key && document.text == "3"),
            "{collection:?}: {listed:?}"
        );
        assert!(listed.is_sorted_by(|a, b| a.0 < b.0));
        let other = Collection::ALL.into_iter().find(|other| *other > collection);
        if let Some(other) = other {
            assert_eq!(document(documents, other, &key).await, None, "collections are apart");
        }
    }
    let collection = Collection::Limit;
    let swaps = join_all((0..20).map(|n| async move { n }).map(|_| {
        let new = NewDocument { collection, key: &key, text: "4", expires: None };
        async move { documents.swap(&new, Some(3)).await }
    }));
    let won = swaps.await.into_iter().filter(|swap| *swap.as_ref().expect("a swap is decided")).count();
    assert_eq!(won, 1, "one of twenty swaps happens");

    let expired = NewDocument { collection, key: &key, text: "5", expires: Some(now()) };
    documents.write(&expired).await.expect("a document is written");
    assert_eq!(document(documents, collection, &key).await, None, "what expired is absent");
    assert!(
        documents.documents(collection).await.expect("documents are listed").iter().all(|(found, _)| *found != key)
    );
    let fresh = NewDocument { expires: Some(now().plus_ms(DAY_MS)), ..expired };
    assert!(documents.swap(&fresh, None).await.expect("a swap is decided"), "and its place is free");
    assert!(documents.delete_document(collection, &key).await.expect("a document is erased"));
    assert!(
        !documents.delete_document(collection, &key).await.expect("a document is looked for"),
        "it was erased before"
    );
    assert_eq!(document(documents, collection, &key).await, None);
}

/// A document's text and version.
async fn document(documents: &dyn Documents, collection: Collection, key: &str) -> Option<(String, u64)> {
    documents
        .document(collection, key)
        .await
        .expect("a document is read")
        .map(|document| (document.text, document.version))
}

/// A kept value is found until it is forgotten; what leads nowhere is absent, and takes nothing with it.
pub async fn secrets(secrets: &dyn Secrets, vault: &dyn Vault) {
    let tag = now().as_ms();
    let names: Vec<_> = (0..23).map(|n| format!("conformance-{tag}-{n}")).collect();
    let value = |n: usize| Secret::new(format!(" value {n} äöü\n")).expect("the value is not empty");
    for (n, name) in names.iter().enumerate() {
        vault.keep(name, &value(n + 1)).await.expect("a value is kept");
        vault.keep(name, &value(n)).await.expect("a value is replaced");
        vault.keep(name, &value(n)).await.expect("a value is kept as it is");
    }
    let mut references: Vec<_> = names.iter().cloned().map(SecretRef::Stored).collect();
    references.push(SecretRef::Stored(format!("conformance-{tag}-missing")));
    references.push(SecretRef::Env("BELLHOP_CONFORMANCE_UNSET".to_owned()));
    references.push(SecretRef::Ssm(format!("/conformance/{tag}/missing")));
    // What no store takes as a name, and what is no file to read, as hooks of earlier versions may have it.
    for broken in ["", "/with a space", "team/x", "/a//b", "/aws/x", "/bellhop/other/secrets/x", "/caf\u{e9}", "/{{x}}"]
    {
        references.push(SecretRef::Ssm(broken.to_owned()));
    }
    for broken in ["/", "/dev/zero", "/nowhere/at-all", "\0"] {
        references.push(SecretRef::File(broken.to_owned()));
    }
    references.push(SecretRef::Env("NOT=A\0NAME".to_owned()));
    references.push(references[0].clone());
    let found = secrets.resolve(&references).await.expect("secrets are looked up");
    assert_eq!(found.len(), names.len());
    for (n, reference) in references.iter().take(names.len()).enumerate() {
        assert!(found.get(reference) == Some(&value(n)), "secret {n} is another");
    }
    vault.forget(&names).await.expect("values are forgotten");
    vault.forget(&[]).await.expect("forgetting nothing succeeds");
    assert!(secrets.resolve(&references).await.expect("secrets are looked up").is_empty());
    assert!(secrets.resolve(&[]).await.expect("nothing is looked up").is_empty());
}

/// Hooks in an order of their own.
fn sorted(mut hooks: Vec<Hook>) -> Vec<Hook> {
    hooks.sort_by(|a, b| a.id.cmp(&b.id));
    hooks
}

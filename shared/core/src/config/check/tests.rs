use super::*;
use crate::config::{HookSpec, Stamp};
use crate::hook::Allowed;
use serde_json::{Value, json};

/// A good configuration with one hook, changed by `change`.
fn config(change: impl FnOnce(&mut Value)) -> ConfigSpec {
    let mut config = json!({
        "public_url": "https://hooks.example.com/",
        "hooks": [{
            "name": "repos", "path": "github", "sender": "github", "secrets": ["env:S"],
            "actions": [{"kind": "telegram", "chat": "-100"}],
        }],
    });
    change(&mut config);
    serde_json::from_value(config).unwrap()
}

#[test]
fn a_good_configuration_is_taken_with_its_defaults() {
    let checked = check_config(&config(|_| ()), SecretsAs::References).unwrap();
    assert_eq!(checked.settings.public_url.as_deref(), Some("https://hooks.example.com"));
    assert_eq!((checked.settings.retention_days, checked.settings.rate_per_minute), (90, 1000));
    let hook = &checked.hooks[0].hook;
    assert_eq!((hook.rate_per_minute, hook.max_body_bytes), (100, 4 * 1024 * 1024));
}

#[test]
fn every_bad_field_is_named() {
    let random = "q8Zr2mX5vT1kPw9Ls4Nd7Y";
    for (field, value) in [
        ("/public_url", json!("hooks.example.com")),
        ("/public_url", json!("ftp://x")),
        ("/public_url", json!("https://user:pw@x")),
        ("/retention_days", json!(0)),
        ("/limits", json!({"rate_per_minute": 0})),
        ("/telegram", json!({"token": "123:abc"})),
        ("/telegram", json!({"api_base": "not a url"})),
        ("/email", json!({"from": "bellhop"})),
        ("/email", json!({"from": "A\r\nBcc: b@example.com <a@example.com>"})),
        ("/email", json!({"smtp": "smtp://user:password@mail.example.com"})),
        ("/email", json!({"smtp": "stored:x"})),
        ("/hooks/0/name", json!("")),
        ("/hooks/0/path", json!("a//b")),
        ("/hooks/0/path", json!("a b")),
        ("/hooks/0/path", json!("hk_x")),
        ("/hooks/0/path", json!("../x")),
        ("/hooks/0/sender", json!("nobody")),
        ("/hooks/0/sender", json!("none")),
        ("/hooks/0/secrets", json!([])),
        ("/hooks/0/secrets", json!(["plain"])),
        ("/hooks/0/secrets", json!(["env:"])),
        ("/hooks/0/secrets", json!(["stored:x"])),
        ("/hooks/0/events", json!([""])),
        ("/hooks/0/when", json!("payload.")),
        ("/hooks/0/rate_per_minute", json!(0)),
        ("/hooks/0/allowed_ips", json!(["10.0.0.0/33"])),
        ("/hooks/0/max_body_bytes", json!(0)),
        ("/hooks/0/max_body_bytes", json!(26_214_401)),
        ("/hooks/0/actions", json!([])),
        ("/hooks/0/actions", json!([{"kind": "pigeon"}])),
        ("/hooks/0/actions", json!([{"kind": "telegram"}])),
        ("/hooks/0/actions", json!([{"kind": "telegram", "chat": "bob"}])),
        ("/hooks/0/actions", json!([{"kind": "telegram", "chat": 1, "template": "{{ x"}])),
    ] {
        let spec = config(|config| set(config, field, value.clone()));
        let problems = check_config(&spec, SecretsAs::References).unwrap_err();
        let start = field.trim_start_matches('/').replace("/0/", "[0].");
        let named = problems.iter().any(|problem| problem.field.starts_with(&start)) || value == json!("none");
        assert!(named, "{field} = {value}: {problems:?}");
        assert!(problems.iter().all(|problem| !problem.message.is_empty()));
    }
    let unsigned = config(|config| {
        set(config, "/hooks/0/sender", json!("none"));
        set(config, "/hooks/0/secrets", json!([]));
        set(config, "/hooks/0/path", json!(random));
    });
    assert!(check_config(&unsigned, SecretsAs::References).is_ok());
}

#[test]
fn mails_need_a_sender_and_their_server_is_a_secret() {
    let mails = |email: Value| {
        let spec = config(|config| {
            set(config, "/hooks/0/actions", json!([{"kind": "email", "to": ["me@example.com"]}]));
            config["email"] = email;
        });
        check_config(&spec, SecretsAs::References)
    };
    let problems = mails(json!({"smtp": "env:SMTP_URL"})).unwrap_err();
    assert_eq!(problems.iter().map(|problem| problem.field.as_str()).collect::<Vec<_>>(), ["email.from"]);
    let checked = mails(json!({"from": " Bellhop <b@example.com> ", "smtp": "env:SMTP_URL"})).unwrap();
    assert_eq!(checked.settings.email_from.as_deref(), Some("Bellhop <b@example.com>"));
    assert_eq!(checked.email_smtp, Some(SecretInput::Reference(SecretRef::Env("SMTP_URL".to_owned()))));
    assert!(mails(json!({"from": "b@example.com"})).unwrap().email_smtp.is_none());
    let value = |smtp: &str| {
        let spec = config(|config| {
            set(config, "/hooks/0/secrets", json!(["a secret of some length"]));
            config["email"] = json!({ "smtp": smtp });
        });
        check_config(&spec, SecretsAs::Values).map(|checked| checked.email_smtp)
    };
    assert!(matches!(value("smtps://u:canary@mail.example.com"), Ok(Some(SecretInput::Value(_)))));
    let problems = value("https://u:canary@mail.example.com").unwrap_err();
    assert!(!format!("{problems:?}").contains("canary"), "{problems:?}");
}

#[test]
fn two_hooks_cannot_share_a_name() {
    let spec = config(|config| {
        let again = config["hooks"][0].clone();
        config["hooks"].as_array_mut().unwrap().push(again);
    });
    assert_eq!(check_config(&spec, SecretsAs::References).unwrap_err()[0].field, "hooks[1].name");
}

#[test]
fn a_mapped_address_is_the_one_it_maps() {
    for (text, read) in [
        ("::ffff:192.0.2.7", "192.0.2.7/32"),
        ("::ffff:192.0.2.0/120", "192.0.2.0/24"),
        ("2001:db8::/32", "2001:db8::/32"),
        ("::/0", "::/0"),
    ] {
        let hook = json!({"name": "n", "path": "p", "sender": "github", "secrets": ["env:S"], "allowed_ips": [text],
            "actions": [{"kind": "telegram", "chat": 1}]});
        let spec: HookSpec = serde_json::from_value(hook).unwrap();
        let draft = check_hook(&spec, SecretsAs::References).unwrap();
        assert_eq!(draft.hook.allowed_ips, [Allowed::Network(read.parse().unwrap())], "{text}");
    }
}

#[test]
fn the_api_takes_values_and_reads_nothing_for_its_caller() {
    for (secret, good) in [
        ("s3cret", true),
        ("ssm:/x", true),
        ("", false),
        (" ", false),
        ("env:PATH", false),
        ("file:/etc/passwd", false),
    ] {
        assert_eq!(read_secret(secret, SecretsAs::Values).is_ok(), good, "{secret}");
    }
}

#[test]
fn an_unknown_field_is_refused() {
    assert!(serde_json::from_value::<HookSpec>(json!({"nmae": "x"})).is_err());
    assert!(serde_json::from_value::<ConfigSpec>(json!({"agents": []})).is_err());
}

/// Sets a field, which may not be there yet.
fn set(config: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    config.pointer_mut(parent).unwrap()[name] = value;
}

#[test]
fn a_scheme_of_ones_own_is_kept_as_it_was_written() {
    let scheme = json!({"header": "X-Acme", "secret": "hex", "content": "{method}:{body}"});
    let with = |scheme: &Value| {
        config(|config| {
            set(config, "/hooks/0/sender", json!("hmac-sha256"));
            config["hooks"][0]["scheme"] = scheme.clone();
        })
    };
    let draft = check_config(&with(&scheme), SecretsAs::References).unwrap().hooks.remove(0);
    assert_eq!((draft.sender.name, draft.sender.scheme.carrier()), ("hmac-sha256", "x-acme"));
    let stamp = Stamp {
        id: "hk_x".to_owned(),
        random: [0; 22],
        origin: crate::hook::Origin::File,
        now: crate::time::Timestamp::default(),
    };
    let hook = crate::hook::Hook::complete(draft, None, &stamp, &mut |_, secret| match secret {
        SecretInput::Reference(reference) => reference,
        SecretInput::Value(_) => panic!("a file holds no secret"),
    });
    let stored = serde_json::to_value(&hook).unwrap();
    assert_eq!(stored["scheme"], scheme);
    let read: crate::hook::Hook = serde_json::from_value(stored.clone()).unwrap();
    assert!(std::ptr::eq(read.sender().unwrap(), hook.sender().unwrap()));
    assert_eq!(serde_json::to_value(HookSpec::of(&read).scheme).unwrap(), scheme);

    let mut old = stored;
    old.as_object_mut().unwrap().remove("scheme");
    let old: crate::hook::Hook = serde_json::from_value(old).unwrap();
    assert_eq!((old.scheme.as_ref(), old.sender().unwrap().scheme.carrier()), (None, "x-signature"));
    let empty = check_config(&with(&json!({})), SecretsAs::References).unwrap().hooks.remove(0);
    assert_eq!(empty.hook.scheme, None);
    let values = serde_json::from_value::<HookSpec>(json!({
        "name": "n", "sender": "hmac-sha256", "scheme": {"secret": "hex"}, "secrets": ["no hex"],
        "actions": [{"kind": "telegram", "chat": 1}],
    }));
    let problems = check_hook(&values.unwrap(), SecretsAs::Values).unwrap_err();
    assert_eq!(problems[0].field, "secrets[0]", "the secret is read as the scheme says: {problems:?}");
    let both = check_config(&with(&json!({"header": "a b", "encoding": "x"})), SecretsAs::References).unwrap_err();
    let fields: Vec<_> = both.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(fields, ["hooks[0].scheme.header", "hooks[0].scheme.encoding"]);
}

#[test]
fn what_tells_deliveries_apart_must_be_there() {
    for (sender, own, is_taken) in [
        ("github", json!("id"), true),
        ("github", json!("content"), true),
        ("github", json!("off"), true),
        ("github", Value::Null, true),
        ("paystack", json!("content"), true),
        ("paystack", json!("off"), true),
        ("paystack", json!("id"), false),
    ] {
        let config = config(|config| {
            config["hooks"][0]["sender"] = sender.into();
            config["hooks"][0]["deduplicate"] = own.clone();
        });
        let problems = check_config(&config, SecretsAs::References).err().unwrap_or_default();
        assert_eq!(problems.is_empty(), is_taken, "{sender} {own}: {problems:?}");
        if let [problem] = problems.as_slice() {
            assert_eq!(problem.field, "hooks[0].deduplicate");
            assert!(problem.message.contains("`paystack` sends no delivery id"), "{}", problem.message);
        }
    }
    let unknown = json!({"hooks": [{"name": "x", "deduplicate": "body"}]});
    let error = serde_json::from_value::<ConfigSpec>(unknown).unwrap_err().to_string();
    assert!(error.contains("`id`, `content`, `off`"), "{error}");
}

#[test]
fn what_one_process_takes_at_once_is_checked() {
    let checked = |limits: Value, longest: u64| {
        let spec = config(|config| {
            config["limits"] = limits;
            config["hooks"][0]["max_body_bytes"] = json!(longest);
        });
        let problem = |problem: &Problem| (problem.field.clone(), problem.message.clone());
        check_config(&spec, SecretsAs::References).map(|config| config.capacity).map_err(|all| problem(&all[0]))
    };
    let capacity = |connections, connections_per_address, bytes_in_flight| Capacity {
        connections,
        connections_per_address,
        bytes_in_flight,
    };
    let mib = 1024 * 1024;
    assert_eq!(checked(json!({}), 4 * mib), Ok(capacity(1024, 512, 64 * mib)));
    assert_eq!(
        checked(json!({}), 25 * mib),
        Ok(capacity(1024, 512, 100 * mib)),
        "one address may send the longest body"
    );
    assert_eq!(checked(json!({"connections": 100}), mib), Ok(capacity(100, 50, 64 * mib)));
    let all = json!({"connections": 100, "connections_per_address": 100, "bytes_in_flight": 4 * mib});
    assert_eq!(checked(all, mib), Ok(capacity(100, 100, 4 * mib)));
    for (limits, longest, field, says) in [
        (json!({"connections": 15}), mib, "limits.connections", "15 is not between 16 and 100000"),
        (json!({"connections": 100_001}), mib, "limits.connections", "not between"),
        (json!({"connections_per_address": 0}), mib, "limits.connections_per_address", "not between 1 and 1024"),
        (
            json!({"connections": 20, "connections_per_address": 21}),
            mib,
            "limits.connections_per_address",
            "limits.connections",
        ),
        (json!({"bytes_in_flight": 1000}), 100, "limits.bytes_in_flight", "not between 1048576 and"),
        (json!({"bytes_in_flight": 4 * mib - 1}), mib, "limits.bytes_in_flight", "a quarter"),
    ] {
        let (named, message) = checked(limits, longest).unwrap_err();
        assert_eq!(named, field);
        assert!(message.contains(says), "{message}");
    }
}

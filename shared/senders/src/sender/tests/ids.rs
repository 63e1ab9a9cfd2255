//! Event types and delivery ids: where they are in what senders really send, and where no id may be taken from.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::sender::{Carrier, Clock, ClockPlace, Part, Place, Scheme, Sender, Signed};

/// Ids whose name is that of a configuration elsewhere, with what the sender says of them.
const NAMED_ODDLY: &[(&str, &str, &str)] = &[
    ("chargify", "x-chargify-webhook-id", "unique over all of Chargify, and the same when it is sent again"),
    ("cursor", "x-webhook-id", "unique for the delivery"),
    ("pagerduty", "x-webhook-id", "unique for the webhook, and the same for each attempt"),
    ("shopify", "x-shopify-webhook-id", "unique for the delivery"),
    ("pulumi", "pulumi-webhook-id", "unique for the delivery"),
    ("standard-webhooks", "webhook-id", "unique for the message"),
];

/// What names the configuration that a delivery comes from, or a part of its signature, and not the delivery.
const NOT_THE_DELIVERY: &[&str] = &[
    "webhookid",
    "hookid",
    "subscriptionid",
    "endpointid",
    "configurationid",
    "configid",
    "appid",
    "accountid",
    "projectid",
    "siteid",
    "storeid",
    "nonce",
    "signature",
    "timestamp",
    "attempt",
    "retry",
];

/// The headers and fields that an id is made of: alone, or as parts of a joined one.
fn parts(place: Place, joined: bool, found: &mut Vec<(&'static str, bool)>) {
    match place {
        Place::Header(name) | Place::Field(name) => found.push((name, joined)),
        Place::Join(places) => places.iter().for_each(|place| parts(*place, true, found)),
        Place::First(places) => places.iter().for_each(|place| parts(*place, joined, found)),
        Place::Nowhere | Place::Key(_) => {}
    }
}

/// The last name of a header or of a path, without what only decorates it.
fn plain(name: &str) -> String {
    let last = name.rsplit('.').next().unwrap_or_default();
    last.trim_start_matches("x-").chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase()
}

#[test]
fn no_id_is_that_of_a_configuration_or_of_a_signature() {
    let mut odd = Vec::new();
    for sender in Sender::all() {
        let mut found = Vec::new();
        parts(sender.delivery_id, false, &mut found);
        for (name, joined) in found {
            let known = NAMED_ODDLY.iter().any(|(_, known, _)| *known == name);
            let named = NOT_THE_DELIVERY.iter().any(|bad| plain(name).ends_with(bad));
            // Beside others it only tells apart what they do not.
            if named && !joined && !known {
                odd.push(format!("{}: {name}", sender.name));
            }
        }
        let Scheme::Signed(Signed { content, timestamp, place: Carrier::Headers(_), .. }) = &sender.scheme else {
            continue;
        };
        let time = match timestamp {
            Some(Clock { place: ClockPlace::Header(name), .. }) => *name,
            _ => "",
        };
        for part in *content {
            if let (Part::Header(signed), Place::Header(id)) = (part, sender.delivery_id) {
                assert!(*signed != id || plain(id).ends_with("id"), "{}: {id} is a part of the signature", sender.name);
                assert_ne!(id, time, "{}", sender.name);
            }
        }
    }
    assert!(odd.is_empty(), "{odd:#?}");
    for (sender, name, _) in NAMED_ODDLY {
        let mut found = Vec::new();
        parts(Sender::named(sender).unwrap().delivery_id, false, &mut found);
        assert!(found.contains(&(name, false)), "{sender} has no {name}");
    }
}

#[test]
fn a_senders_sample_has_the_id_that_its_row_promises() {
    let mut without = Vec::new();
    for sender in Sender::all().iter().filter(|sender| sender.delivery_id != Place::Nowhere) {
        let sample = sender.sample();
        let mut found = Vec::new();
        parts(sender.delivery_id, false, &mut found);
        let fields: Vec<_> = found.iter().filter(|(name, _)| !is_header(sender.delivery_id, name)).collect();
        if sample.body.contains("Hello from Bellhop") || fields.is_empty() {
            continue;
        }
        let body = sample.payload(sender.name);
        let header = |_: &str| Some(Cow::Borrowed("given"));
        let id = sender.delivery_id.read_id(&header, Some(&body));
        without.extend(id.is_none().then_some(sender.name));
    }
    assert_eq!(without, Vec::<&str>::new(), "their samples have no id");
}

/// Whether a place is this header, or has it among its parts.
fn is_header(place: Place, name: &str) -> bool {
    match place {
        Place::Header(found) => found == name,
        Place::Join(places) | Place::First(places) => places.iter().any(|place| is_header(*place, name)),
        Place::Nowhere | Place::Field(_) | Place::Key(_) => false,
    }
}

/// The type and the id that a sender's row reads from a body and headers.
fn read(sender: &str, headers: &[(&str, &'static str)], body: &Value) -> [Option<String>; 2] {
    let body = &crate::json::Value::from(body.clone());
    let sender = Sender::named(sender).unwrap();
    let header = |name: &str| headers.iter().find(|(found, _)| *found == name).map(|(_, value)| Cow::Borrowed(*value));
    [sender.event_type.read(&header, Some(body)), sender.delivery_id.read_id(&header, Some(body))]
        .map(|found| found.map(Cow::into_owned))
}

#[test]
fn types_and_ids_are_read_from_what_senders_really_send() {
    let run = |trigger: &str| {
        let one = json!({"trigger": trigger, "run_status": "applied", "run_updated_at": "2026-11-20T09:30:00Z"});
        json!({"payload_version": 1, "run_id": "run-1", "notifications": [one]})
    };
    let drifted = json!({"payload_version": "2", "trigger_scope": "assessment", "trigger": "assessment:drifted",
        "details": {"new_assessment_result": {"id": "asmtres-1"}}});
    let reminder = json!({"payload_version": "2", "trigger_scope": "workspace", "trigger": "workspace:auto_destroy_reminder",
        "details": {"workspace_id": "ws-1"}});
    let thrown = json!({"id": "weve_1", "webhookId": "wcon_1", "shopId": "sh_1", "type": "ORDER_PLACED", "data": {}});
    let batch = json!([{"event_id": "evt_1", "type": "email.sent"}, {"event_id": "evt_2", "type": "email.opened"}]);
    let deploy = json!({"id": "d1", "site_id": "s1", "state": "ready", "updated_at": "2026-11-20T09:30:00.000Z"});
    let signed = json!({"event": "envelope-completed", "retryCount": 2, "configurationId": 7,
        "generatedDateTime": "2026-11-20T09:30:00Z", "data": {"envelopeId": "e1"}});
    let flag = json!({"data": [{"eventName": "statsig::config_change", "timeUUID": "u1"}]});
    let hired = json!({"webhookActionId": "a1", "action": "candidateHire", "data": {}});
    let video = json!({"VideoLibraryId": 1, "VideoGuid": "v1", "Status": 4});
    type Case<'a> = (&'a str, &'a [(&'a str, &'static str)], Value, Option<&'a str>, Option<&'a str>);
    let cases: &[Case<'_>] = &[
        ("fourthwall", &[], thrown, Some("ORDER_PLACED"), Some("weve_1")),
        (
            "retell",
            &[],
            json!({"event": "call_ended", "call": {"call_id": "c1"}}),
            Some("call_ended"),
            Some("call_ended.c1"),
        ),
        (
            "retell",
            &[],
            json!({"event": "chat_started", "chat": {"chat_id": "h1"}}),
            Some("chat_started"),
            Some("chat_started.h1"),
        ),
        ("retell", &[], json!({"event": "chat_started"}), Some("chat_started"), None),
        ("bunny-stream", &[], video, Some("4"), None),
        (
            "netlify",
            &[("x-netlify-event", "deploy_locked")],
            deploy.clone(),
            Some("deploy_locked"),
            Some("d1.ready.2026-11-20T09:30:00.000Z"),
        ),
        ("netlify", &[], deploy, Some("ready"), Some("d1.ready.2026-11-20T09:30:00.000Z")),
        (
            "box",
            &[("box-delivery-id", "changes")],
            json!({"id": "b1", "trigger": "FILE.UPLOADED"}),
            Some("FILE.UPLOADED"),
            Some("b1"),
        ),
        ("sinch", &[("x-sinch-webhook-signature-nonce", "n1")], json!({"app_id": "a1"}), None, None),
        ("emailit", &[], batch, Some("email.sent"), Some("evt_1")),
        ("emailit", &[], json!({"event_id": "evt_1", "type": "email.sent"}), Some("email.sent"), Some("evt_1")),
        (
            "terraform",
            &[],
            run("run:completed"),
            Some("run:completed"),
            Some("run-1.run:completed.2026-11-20T09:30:00Z"),
        ),
        ("terraform", &[], drifted, Some("assessment:drifted"), Some("assessment:drifted.asmtres-1")),
        ("terraform", &[], reminder, Some("workspace:auto_destroy_reminder"), None),
        ("ashby", &[], hired, Some("candidateHire"), Some("a1")),
        ("statsig", &[], flag, Some("statsig::config_change"), Some("u1")),
        ("docusign", &[], signed, Some("envelope-completed"), None),
        (
            "coinbase-cdp",
            &[],
            json!({"eventId": "e1", "eventType": "checkout.payment.success"}),
            Some("checkout.payment.success"),
            Some("e1"),
        ),
        (
            "auth0",
            &[],
            json!([{"log_id": "l1", "data": {"type": "s"}}, {"log_id": "l2", "data": {"type": "f"}}]),
            Some("s"),
            Some("l1"),
        ),
        ("auth0", &[], json!({"log_id": "l1", "data": {"type": "s"}}), Some("s"), Some("l1")),
    ];
    for (sender, headers, body, event_type, id) in cases {
        let wanted = [event_type, id].map(|text| text.map(str::to_owned));
        assert_eq!(read(sender, headers, body), wanted, "{sender}: {body}");
    }
}

#[test]
fn an_id_of_a_batchs_first_event_never_decides_alone() {
    let numbered = |name: &str| name.split('.').any(|step| step.parse::<usize>().is_ok());
    let mut batches = Vec::new();
    for sender in Sender::all() {
        let mut found = Vec::new();
        parts(sender.delivery_id, false, &mut found);
        if found.iter().any(|(name, _)| numbered(name)) {
            assert_ne!(sender.repeat().changes, ["*"], "{}: another event may be in the batch", sender.name);
            batches.push(sender.name);
        }
    }
    for name in ["sendgrid", "gocardless", "hubspot", "okta", "line", "fastspring", "azure-event-grid", "emailit"] {
        assert!(batches.contains(&name), "{name}: {batches:?}");
    }
}

#[test]
fn senders_that_repeat_for_longer_than_a_week_say_so() {
    let days = |name: &str| Sender::named(name).unwrap().repeat().days;
    let all = [("wise", 14), ("docusign", 15), ("adyen", 30), ("adyen-platform", 30), ("meta", 7), ("customerio", 7)];
    for (name, known) in all {
        assert_eq!(days(name), Some(known), "{name}");
    }
    for sender in Sender::all() {
        let says = sender.facts().retries;
        let long = ["15 days", "thirty days", "two weeks", "seven days"].iter().any(|words| says.contains(words));
        assert!(!long || sender.repeat().days.is_some(), "{}: {says}", sender.name);
    }
}

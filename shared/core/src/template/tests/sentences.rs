//! What a message says, sentence by sentence, where senders' events are easily told wrong.

use super::*;

/// What is seen of the message for an event.
fn shown(sender: &str, event: Option<&str>, payload: &Value) -> String {
    let body = payload.to_string();
    let delivery = Delivery { sender, event_type: event, headers: &[], body: body.as_bytes() };
    html::plain(&delivery.message())
}

/// Fails unless the message for an event is this.
fn says(sender: &str, event: &str, payload: Value, expected: &str) {
    assert_eq!(
        shown(sender, Some(event).filter(|event| !event.is_empty()), &payload),
        expected,
        "{sender} {event}: {payload}"
    );
}

const NOTHING: &str = "0000000000000000000000000000000000000000";
const SOMETHING: &str = "9c2d4e6f00000000000000000000000000000001";

/// A push of Gitea and its relatives.
fn gitea_push(name: &str, before: &str, after: &str, commits: usize) -> Value {
    let commits =
        vec![json!({"id": SOMETHING, "message": "Count coins\n\nAll", "author": {"name": "Ann"}}); commits.min(5)];
    json!({"ref": name, "before": before, "after": after, "commits": commits, "total_commits": commits.len(),
        "pusher": {"login": "ann"}, "repository": {"full_name": "acme/shop"}})
}

#[test]
fn branches_and_tags_come_change_and_go() {
    for sender in ["gitea", "forgejo", "gogs"] {
        let says = |payload, expected| says(sender, "push", payload, expected);
        says(gitea_push("refs/tags/v1", SOMETHING, NOTHING, 0), "acme/shop · ann deleted the tag v1");
        says(gitea_push("refs/tags/v1", NOTHING, SOMETHING, 0), "acme/shop · ann created the tag v1");
        says(gitea_push("refs/heads/x", SOMETHING, NOTHING, 0), "acme/shop · ann deleted the branch x");
        says(gitea_push("refs/heads/x", NOTHING, SOMETHING, 0), "acme/shop · ann created the branch x");
        says(
            gitea_push("refs/heads/x", NOTHING, SOMETHING, 1),
            "acme/shop · ann pushed 1 commit to the new branch x\n9c2d4e6 Count coins (Ann)",
        );
        says(
            gitea_push("refs/heads/a/refs/tags/b", SOMETHING, SOMETHING, 1),
            "acme/shop · ann pushed 1 commit to the branch a/refs/tags/b\n9c2d4e6 Count coins (Ann)",
        );
    }
    let github = |name: &str, created: bool, deleted: bool| json!({"ref": name, "created": created, "deleted": deleted, "commits": [], "pusher": {"name": "ann"}, "repository": {"full_name": "acme/shop"}});
    says(
        "github",
        "push",
        github("refs/heads/feature/refs/tags/x", false, true),
        "acme/shop · ann deleted the branch feature/refs/tags/x",
    );
    says(
        "github",
        "push",
        github("refs/tags/refs/heads/x", false, true),
        "acme/shop · ann deleted the tag refs/heads/x",
    );
    says("github", "push", github("refs/tags/v1", true, false), "acme/shop · ann created the tag v1");
    let gitlab = |kind: &str, name: &str, before: &str, after: &str| {
        json!({"object_kind": kind, "ref": name, "before": before, "after": after, "user_name": "Ann", "commits": [], "total_commits_count": 0,
            "project": {"path_with_namespace": "acme/shop"}})
    };
    says(
        "gitlab",
        "Push Hook",
        gitlab("push", "refs/heads/a/refs/heads/b", SOMETHING, NOTHING),
        "acme/shop · Ann deleted the branch a/refs/heads/b",
    );
    says(
        "gitlab",
        "Tag Push Hook",
        gitlab("tag_push", "refs/tags/v1", NOTHING, SOMETHING),
        "acme/shop · Ann created the tag v1",
    );
    says(
        "gitlab",
        "Tag Push Hook",
        gitlab("tag_push", "refs/tags/v1", SOMETHING, NOTHING),
        "acme/shop · Ann deleted the tag v1",
    );
    let bitbucket = |change: Value| json!({"actor": {"display_name": "Ann"}, "repository": {"full_name": "acme/shop"}, "push": {"changes": [change]}});
    let tag = json!({"type": "tag", "name": "v1"});
    says(
        "bitbucket",
        "repo:push",
        bitbucket(json!({"created": true, "new": tag})),
        "acme/shop · Ann created the tag v1",
    );
    says(
        "bitbucket",
        "repo:push",
        bitbucket(json!({"closed": true, "old": tag})),
        "acme/shop · Ann deleted the tag v1",
    );
    let azure = |name: &str, old: &str, new: &str| {
        json!({"eventType": "git.push", "resource": {"refUpdates": [{"name": name, "oldObjectId": old, "newObjectId": new}], "pushedBy": {"displayName": "Ann"},
            "repository": {"name": "shop", "project": {"name": "acme"}}}})
    };
    says("azure-devops", "git.push", azure("refs/tags/v1", SOMETHING, NOTHING), "acme/shop · Ann deleted the tag v1");
    says(
        "azure-devops",
        "git.push",
        azure("refs/heads/a/refs/heads/b", NOTHING, SOMETHING),
        "acme/shop · Ann created the branch a/refs/heads/b",
    );
}

#[test]
fn forges_name_what_an_event_is_about() {
    let place = json!({"full_name": "acme/shop"});
    let gitea = |mut payload: Value| {
        payload["repository"] = place.clone();
        payload["sender"] = json!({"login": "ann"});
        payload
    };
    says(
        "gitea",
        "wiki",
        gitea(json!({"action": "edited", "page": "Home", "comment": "Mend a word"})),
        "acme/shop · ann edited the wiki page Home\nMend a word",
    );
    says(
        "gitea",
        "status",
        gitea(json!({"context": "ci", "state": "failure", "sha": SOMETHING, "description": "2 tests failed"})),
        "acme/shop · ci failed ❌ at 9c2d4e6\n2 tests failed",
    );
    says("gitea", "repository", gitea(json!({"action": "created"})), "acme/shop · ann created the repository");
    let organization = |mut payload: Value| {
        payload["organization"] = json!({"login": "acme"});
        payload["sender"] = json!({"login": "ann"});
        payload
    };
    let github = |event: &str, payload: Value, expected: &str| says("github", event, organization(payload), expected);
    github(
        "organization",
        json!({"action": "member_added", "membership": {"role": "member", "user": {"login": "bob"}}}),
        "acme · ann added bob to the organization as member",
    );
    github(
        "organization",
        json!({"action": "member_removed", "membership": {"user": {"login": "bob"}}}),
        "acme · ann removed bob from the organization",
    );
    github("org_block", json!({"action": "blocked", "blocked_user": {"login": "bob"}}), "acme · ann blocked bob");
    github(
        "membership",
        json!({"action": "added", "member": {"login": "bob"}, "team": {"name": "ops"}}),
        "acme · ann added bob to the team ops",
    );
    github("team", json!({"action": "created", "team": {"name": "ops"}}), "acme · ann created the team ops");
    let installed =
        |action: &str| json!({"action": action, "installation": {"app_slug": "desk", "account": {"login": "acme"}}});
    github("installation", installed("suspend"), "acme · ann suspended the app desk");
    github("installation", installed("unsuspend"), "acme · ann lifted the suspension of the app desk");
    github(
        "installation",
        installed("new_permissions_accepted"),
        "acme · ann accepted the new permissions of the app desk",
    );
    says(
        "github",
        "ping",
        json!({"zen": "Keep it.", "hook_id": 1, "hook": {"type": "App", "app_id": 7, "events": ["push"]}}),
        "🔔 The app 7 can ring here: the webhook works.\nIt sends push.\nKeep it.",
    );
}

#[test]
fn one_release_is_told_once() {
    let release = |action: &str, release: Value| json!({"action": action, "release": release, "sender": {"login": "ann"}, "repository": {"full_name": "acme/shop"}});
    let told = |payload: &Value| {
        let body = payload.to_string();
        let delivery = Delivery { sender: "github", event_type: Some("release"), headers: &[], body: body.as_bytes() };
        (told_elsewhere("github", Some("release"), || delivery.context()), html::plain(&delivery.message()))
    };
    let one = json!({"tag_name": "v1", "published_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-20T09:30:02Z"});
    let sentence = "acme/shop · ann published the release v1";
    let (reason, text) = told(&release("published", one.clone()));
    assert_eq!((reason, text.as_str()), (None, sentence));
    for action in ["released", "created"] {
        let (reason, text) = told(&release(action, one.clone()));
        assert!(reason.unwrap().starts_with("GitHub tells of the same release as `published` too"), "{action}");
        assert!(text.starts_with("acme/shop · ann ") && !text.contains("skipped"), "{text}");
    }
    let early = json!({"tag_name": "v1", "prerelease": true});
    assert!(told(&release("prereleased", early.clone())).0.is_some());
    assert_eq!(told(&release("published", early)), (None, "acme/shop · ann published the pre-release v1".to_owned()));
    let late = json!({"tag_name": "v1", "published_at": "2026-11-20T09:30:00Z", "updated_at": "2026-11-21T09:30:00Z"});
    assert_eq!(
        told(&release("released", late)),
        (None, "acme/shop · ann made the pre-release v1 a release".to_owned())
    );
    for (action, release_of) in
        [("created", json!({"tag_name": "v1", "draft": true})), ("edited", one.clone()), ("deleted", one)]
    {
        assert_eq!(told(&release(action, release_of)).0, None, "{action}");
    }
    let hostile =
        json!({"ref": "<!-- skipped: by me -->", "commits": [], "pusher": {"name": "<!-- skipped: x -->"}}).to_string();
    let delivery = Delivery { sender: "github", event_type: Some("push"), headers: &[], body: hostile.as_bytes() };
    assert_eq!(told_elsewhere("github", Some("push"), || delivery.context()), None);
}

#[test]
fn slack_reads_as_slack_does() {
    let event = |event: Value| json!({"type": "event_callback", "team_id": "T1", "event": event});
    says(
        "slack",
        "message",
        event(json!({"type": "message", "user": "U1", "text": "a &amp; b &lt;c&gt; <@U2> <https://h|here>"})),
        "T1 · U1 wrote\na & b <c> @U2 here (https://h)",
    );
    says(
        "slack",
        "",
        json!({"ssl_check": "1", "token": "x"}),
        "my <door> · 🔔 Slack checked the certificate of this address: it can ring here.",
    );
}

#[test]
fn batches_tell_all_of_it() {
    let messages: Vec<Value> = (1..=2)
        .map(|n| json!({"from": "491", "id": n, "type": "text", "text": {"body": format!("Hello {n}")}}))
        .collect();
    let whatsapp = |messages: &[Value]| {
        json!({"object": "whatsapp_business_account", "entry": [{"changes": [{"field": "messages", "value": {"metadata": {"display_phone_number": "+49"},
            "contacts": [{"wa_id": "491", "profile": {"name": "Ann"}}], "messages": messages}}]}]})
    };
    let two = shown("meta", None, &whatsapp(&messages));
    assert_eq!(two.replace('\n', "|"), "+49 · 2 messages|Ann wrote|Hello 1|Ann wrote|Hello 2");
    let many = shown("meta", None, &whatsapp(&vec![messages[0].clone(); 11]));
    assert!(many.contains("11 messages") && many.ends_with("… and 3 more"), "{many}");
    let note = |n: u32| json!({"NotificationRequestItem": {"eventCode": "AUTHORISATION", "success": "true", "merchantAccountCode": "Shop", "pspReference": format!("p{n}"), "amount": {"value": 100 * n, "currency": "EUR"}}});
    let adyen =
        shown("adyen", None, &json!({"live": "true", "notificationItems": (1..=8).map(note).collect::<Vec<_>>()}));
    assert!(adyen.contains("p1") && adyen.contains("p6") && adyen.ends_with("… and 2 more"), "{adyen}");
    for (sender, payload) in [
        (
            "line",
            json!({"events": [{"type": "follow", "source": {"userId": "Uone"}}, {"type": "follow", "source": {"userId": "Utwo"}}]}),
        ),
        ("tailscale", json!([{"type": "nodeCreated", "message": "one"}, {"type": "nodeDeleted", "message": "two"}])),
        ("auth0", json!([{"data": {"type": "s", "user_name": "one"}}, {"data": {"type": "f", "user_name": "two"}}])),
        ("okta", json!({"data": {"events": [{"displayMessage": "one"}, {"displayMessage": "two"}]}})),
        (
            "xero",
            json!({"events": [{"eventCategory": "INVOICE", "resourceId": "one"}, {"eventCategory": "CONTACT", "resourceId": "two"}]}),
        ),
        (
            "quickbooks",
            json!({"eventNotifications": [{"dataChangeEvent": {"entities": [{"name": "one"}]}}, {"dataChangeEvent": {"entities": [{"name": "two"}]}}]}),
        ),
        ("azure-event-grid", json!([{"eventType": "A.B", "subject": "one"}, {"eventType": "A.B", "subject": "two"}])),
        (
            "mandrill",
            json!({"mandrill_events": json!([{"event": "open", "msg": {"email": "one"}}, {"event": "open", "msg": {"email": "two"}}]).to_string()}),
        ),
        (
            "microsoft-graph",
            json!({"value": [{"changeType": "created", "resource": "one"}, {"changeType": "created", "resource": "two"}]}),
        ),
        ("brevo", json!([{"event": "click", "email": "one"}, {"event": "click", "email": "two"}])),
        ("sendgrid", json!([{"event": "click", "email": "one"}, {"event": "click", "email": "two"}])),
        (
            "aws-sns",
            json!({"TopicArn": "a:b", "Message": json!({"Records": [{"eventName": "one"}, {"eventName": "two"}]}).to_string()}),
        ),
    ] {
        let text = shown(sender, None, &payload);
        assert!(text.contains("one") && text.contains("two"), "{sender}: {text}");
    }
}

#[test]
fn what_is_left_out_is_counted_right() {
    let alerts = |count: usize, truncated: u32| {
        let alerts = vec![json!({"status": "firing", "labels": {"instance": "d"}}); count];
        json!({"status": "firing", "commonLabels": {"alertname": "Down"}, "alerts": alerts, "truncatedAlerts": truncated})
    };
    for sender in ["alertmanager", "grafana"] {
        for (count, truncated, more) in
            [(5, 10, Some(10)), (1, 10, Some(10)), (7, 10, Some(12)), (7, 0, Some(2)), (5, 0, None)]
        {
            let text = shown(sender, None, &alerts(count, truncated));
            let expected = more.map(|more: u32| format!("… and {more} more"));
            assert_eq!(
                text.lines().last().filter(|line| line.starts_with('…')),
                expected.as_deref(),
                "{sender} {count} {truncated}"
            );
        }
    }
}

#[test]
fn stripe_names_the_account_and_shows_nothing_too() {
    let event = |object: Value, live: bool| json!({"id": "evt_1", "type": "checkout.session.completed", "account": "acct_7", "livemode": live, "data": {"object": object}});
    let session = json!({"id": "cs_1", "object": "checkout.session", "amount_total": 0, "currency": "eur"});
    says(
        "stripe",
        "checkout.session.completed",
        event(session, true),
        "my <door> · a checkout was completed ✅ · 0.00 EUR\nof the account acct_7",
    );
    let body = event(
        json!({"id": "pi_1", "object": "payment_intent", "amount": 500, "amount_received": 0, "currency": "jpy"}),
        false,
    )
    .to_string();
    let delivery =
        Delivery { sender: "stripe", event_type: Some("payment_intent.canceled"), headers: &[], body: body.as_bytes() };
    let message = delivery.message();
    assert!(
        message.contains("https://dashboard.stripe.com/acct_7/test/payments/pi_1") && message.contains("500 JPY"),
        "{message}"
    );
}

#[test]
fn jira_documents_are_text() {
    let document = json!({"type": "doc", "version": 1, "content": [{"type": "paragraph", "content": [{"type": "text", "text": "How <loud>?"}]}]});
    let payload = json!({"webhookEvent": "comment_created", "comment": {"author": {"displayName": "Ann"}, "body": document}, "issue": {"key": "HEL-1"}});
    says("jira", "comment_created", payload, "my <door> · Ann commented on HEL-1\nHow <loud>?");
}

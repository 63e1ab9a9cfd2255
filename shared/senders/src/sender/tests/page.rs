//! Writes `docs/SENDERS.md` from the table, and fails where the file is stale.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use crate::sender::{Facts, Sender, Verification};
use crate::texts::default_text;

/// The variable that makes the test write the file instead of comparing it.
const RENEW: &str = "RENEW";

/// The headings, by the table's word for a category.
const CATEGORIES: [(&str, &str); 7] = [
    ("code", "Code hosts, builds and packages"),
    ("chat", "Chat, mail and voice"),
    ("payments", "Payments and shops"),
    ("saas", "Work, identity and support"),
    ("cloud", "Clouds and monitoring"),
    ("home", "At home"),
    ("generic", "Any program"),
];

#[test]
fn the_page_of_all_senders_is_fresh() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/SENDERS.md");
    let page = page();
    if std::env::var_os(RENEW).is_some() {
        std::fs::write(&file, &page).unwrap();
    }
    let found = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == page,
        "docs/SENDERS.md is stale; `{RENEW}=1 cargo test -p bellhop-senders the_page_of_all_senders` renews it"
    );
}

#[test]
fn every_sender_has_one_section() {
    let page = page();
    for sender in Sender::all() {
        let heading = format!("\n### {}\n", heading(sender));
        assert_eq!(page.matches(&heading).count(), 1, "{heading}");
        assert!(CATEGORIES.iter().any(|(word, _)| *word == sender.facts().category), "{}", sender.name);
    }
    assert!(!page.contains("\n\n\n") && !page.contains("  \n") && page.ends_with('\n'));
}

/// The whole page.
fn page() -> String {
    let mut page = String::from(INTRODUCTION);
    let mut by_category: BTreeMap<&str, Vec<&Sender>> = BTreeMap::new();
    for sender in Sender::all() {
        by_category.entry(sender.facts().category).or_default().push(sender);
    }
    by_category.values_mut().for_each(|senders| senders.sort_by_key(|sender| sender.facts().title.to_lowercase()));
    let unverified = Sender::all().iter().filter(|sender| is_unverified(sender)).count();
    let count = Sender::all().len();
    let _ = writeln!(
        page,
        "{count} senders; {unverified} of them are marked ⚠️, because nothing of the provider's own describes their scheme.\n\n\
         | category | senders |\n|---|---|"
    );
    for (word, title) in CATEGORIES {
        let links = by_category.get(word).into_iter().flatten().map(|sender| {
            format!("[{}](#{}){}", sender.facts().title, anchor(sender), if is_unverified(sender) { " ⚠️" } else { "" })
        });
        let links = links.collect::<Vec<_>>().join(", ");
        if !links.is_empty() {
            let _ = writeln!(page, "| {title} | {links} |");
        }
    }
    page.push_str(SCHEMES);
    page.push_str(BODIES);
    for (word, title) in CATEGORIES {
        if let Some(senders) = by_category.get(word) {
            let _ = write!(page, "\n## {title}\n");
            senders.iter().for_each(|sender| section(&mut page, sender));
        }
    }
    page
}

/// What stands before the list of all senders.
const INTRODUCTION: &str = "\
# Senders

Made from `shared/senders/table/`; change the table there, not this page.

A hook names its sender: `sender = \"github\"`. The sender decides how a request proves itself, where the event type and the delivery id are, and what a message reads like without a template of the hook's own.

In the steps below, the hook's URL is `public_url`, `/webhook/` and the hook's path. What goes into the hook's `secrets` stands in a configuration file as a reference (`secrets = [\"env:MY_SECRET\"]`), and in a request to the API as it is.

";

/// How to describe a program that is not in the table.
const SCHEMES: &str = "
## A scheme of your own

A program that is not in the list, and that signs in a way of its own, has a hook of a generic sender with a `scheme`:

```toml
sender = \"hmac-sha256\"
scheme = { header = \"x-acme-signature\", prefix = \"sha256=\", content = \"{header:x-acme-time}.{body}\", timestamp_header = \"x-acme-time\", timestamp_unit = \"s\", event_type_header = \"x-acme-event\" }
```

| option | says | of |
|---|---|---|
| `header`, `prefix` | where the signature or the token is, and what stands before it | all but `query-token` |
| `signature_key` | that the header is a list of pairs such as `t=…,v1=…`, and which of them is the signature | signatures |
| `encoding` | `hex` (unless said), `base64` or `base64url` | signatures |
| `content` | what is signed: text with `{body}` and, where they are signed too, `{method}`, `{url}`, `{path}`, `{query}`, `{header:NAME}`, `{pair:KEY}`; `{{` and `}}` are braces | signatures |
| `secret` | how the secret becomes the key: `raw` (unless said), `base64`, `hex`, or `whsec` for base64 after `whsec_` | signatures |
| `timestamp_header` or `timestamp_key`, `timestamp_unit`, `tolerance_seconds` | where the time of signing is, how it is written (`s`, `ms`, `iso8601`, `http-date`), and how far it may be off (300 unless said); it must be a part of `content` | signatures |
| `parameter` | the parameter of the query with the token | `query-token` |
| `event_type_header`, `event_type_field`, `delivery_id_header`, `delivery_id_field` | where the event type and the delivery id are: a header, a field of the body such as `data.0.kind`, or the header and else the field | all |

Signatures are `hmac-sha256`, `hmac-sha512` and `hmac-sha1`; the others are `header-token`, `bearer` and `query-token`.
";

/// What templates and conditions are given.
const BODIES: &str = "
## Bodies and templates

A body is offered to templates and conditions as `payload`: JSON as it is, a form as an object of its fields (or the JSON in its field `payload`), XML as an object with `@name` for attributes and `#text` for text beside them, a whole CloudEvent as its `data`. What a sender packs into a text of its body (base64 of Pub/Sub, documents that Apple signed) is unpacked beside it or in its place, as the sender's steps say. `cloudevent` is the envelope of a CloudEvent, `body` always the text itself.

Templates know the filters of Jinja, and these:

| filter | makes |
|---|---|
| `link(url)`, `bold`, `code` | a link, bold text or code within a line, of at most 200 characters; nothing of nothing |
| `around(before, after)` | the value with something before and after it; nothing where it is blank |
| `joined(between)` | those items of a list that are not blank, with something between them |
| `line`, `quote(length)` | the value on a new line, or as a quotation there; nothing where it is blank |
| `truncate(length)`, `firstline`, `short` | its beginning: so many characters, its first line, its first seven; a flag or a letter with its accents is one character |
| `words`, `verdict`, `plural(one, many)` | `IN_PROGRESS` as `in progress`, `failure` as `failed ❌`, `2` as `2 commits` |
| `when`, `unix_seconds` | a moment in UTC, from RFC 3339 or a Unix time; the same as a number to reckon with |
| `without_prefix(prefix, …)` | the text without the first of these that it begins with: `refs/heads/` of a branch |
| `flat(path)` | the entries of all lists at a path in a list's items |
| `slack_text`, `document_text` | the text of a Slack message, and of an Atlassian document as Jira has them |
| `money(currency, decimals)` | an amount in a currency's smallest unit: `1200` as `12.00 EUR` |
| `pretty`, `fromjson`, `untag`, `urlencode` | JSON laid out, JSON read from a text, HTML without its tags, a part of an address |

The test `blank` (`{% if payload.name is not blank %}`) knows characters that show nothing.

A template is refused when it is saved where its own HTML has a tag or an attribute that Telegram does not know, or a tag that is surely never closed; what expressions write is escaped.

The filters that mark up write the markup of the template: Telegram's HTML, Slack's mrkdwn (`mrkdwn`), Discord's Markdown (`markdown`), or none (`plain`). So do the escapes: a value is text wherever it goes, and can neither be bold nor call anybody. Between backticks of the template a backslash would be seen; `{{ payload.ref | code }}` is right in each markup. Slack's and Discord's templates are refused where they hold a tag of HTML, a link or bold text of the other one, or code that does not end.

GitHub tells of one release as `created`, `published` and `released` or `prereleased`. Without a template of its own an action sends `published`; the others are tasks that were `skipped` and say why, and can be retried. An action with a template gets each of them, and so does a hook whose `when` or `conditions` look at `payload.action`. A pre-release that becomes a release later is told as `released`.
";

/// One sender's section.
fn section(page: &mut String, sender: &Sender) {
    let setup = sender.facts().setup;
    let _ = write!(page, "\n### {}\n\n", heading(sender));
    if is_unverified(sender) {
        page.push_str(
            "> ⚠️ **Unverified**: nothing of the provider's own describes this scheme. Try it before relying on it.\n\n",
        );
    }
    for (at, step) in setup.iter().enumerate() {
        let _ = writeln!(page, "{}. {step}", at + 1);
    }
    if !setup.is_empty() {
        page.push('\n');
    }
    page.push_str("| | |\n|---|---|\n");
    for (what, said) in rows(sender) {
        if !said.is_empty() {
            let _ = writeln!(page, "| {what} | {} |", said.replace('|', "\\|"));
        }
    }
    if !sender.facts().docs.is_empty() {
        let _ = write!(page, "\n[The provider's own words]({})\n", sender.facts().docs);
    }
}

/// What the table says of a sender, line by line.
fn rows(sender: &Sender) -> [(&'static str, String); 12] {
    let facts = sender.facts();
    let unknown = || "not documented".to_owned();
    [
        ("in a configuration", format!("`sender = \"{}\"`", sender.name)),
        ("proves itself by", sender.proof_in_words()),
        ("checked against", checked_against(facts)),
        ("handshake", sender.handshake.words().to_owned()),
        ("answered with", sender.answers_in_words()),
        ("event type", sender.event_type.words()),
        ("delivery id", sender.delivery_id.words()),
        ("counts as the same delivery", sender.repeats_in_words()),
        ("wants an answer within", facts.deadline_seconds.map_or_else(unknown, |seconds| format!("{seconds} s"))),
        ("delivers again", if facts.retries.is_empty() { unknown() } else { facts.retries.to_owned() }),
        ("longest body", sender.longest_body_in_words()),
        ("message", message(sender)),
    ]
}

/// What a sender's scheme was checked against, with what was read for it.
fn checked_against(facts: &Facts) -> String {
    let words = facts.verified.words();
    if facts.read().is_empty() { words.to_owned() } else { format!("{words} ([read]({}))", facts.read()) }
}

/// What a sender's message is made of.
fn message(sender: &Sender) -> String {
    let own = default_text(sender.name, None) != default_text("", None);
    if own { "a text of its own" } else { "the field `message`, else the whole payload" }.to_owned()
}

/// A section's heading.
fn heading(sender: &Sender) -> String {
    format!("{} (`{}`)", sender.facts().title, sender.name)
}

/// The anchor that the usual Markdown renderers make of the heading.
fn anchor(sender: &Sender) -> String {
    let kept = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    heading(sender).to_lowercase().chars().filter(|c| kept(*c)).map(|c| if c == ' ' { '-' } else { c }).collect()
}

/// Whether the scheme was checked against nothing yet.
fn is_unverified(sender: &Sender) -> bool {
    sender.facts().verified == Verification::Unverified
}

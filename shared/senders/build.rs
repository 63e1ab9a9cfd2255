//! Turns `table/*.toml`, and the samples and message texts beside them, into static tables, so that nothing is parsed
//! at start-up.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use answer::answers;
use code::{Result, known};
use row::{Place, Row};

#[path = "build/answer.rs"]
mod answer;
#[path = "build/code.rs"]
mod code;
#[path = "build/repeat.rs"]
mod repeat;
#[path = "build/row.rs"]
mod row;

/// The bodies that may lie beside a row, and what they are.
const SAMPLES: &[(&str, &str)] =
    &[("sample.json", "application/json"), ("sample.form", "application/x-www-form-urlencoded")];

/// The body of a sender that has none beside its row.
const PLAIN_SAMPLE: &str = r#"{"message":"Hello from Bellhop"}"#;

/// Where bodies of more events are kept, for trying hooks out.
const CASES: &str = "cases";

const CATEGORIES: &[(&str, &str)] = &[
    ("code", "code"),
    ("chat", "chat"),
    ("payments", "payments"),
    ("saas", "saas"),
    ("cloud", "cloud"),
    ("home", "home"),
    ("generic", "generic"),
];
const VERIFICATIONS: &[(&str, &str)] = &[
    ("vectors", "Verification::Vectors"),
    ("sdk", "Verification::Sdk"),
    ("documentation", "Verification::Documentation"),
    ("unverified", "Verification::Unverified"),
];
const HANDSHAKES: &[(&str, &str)] = &[
    ("none", "Handshake::None"),
    ("slack-challenge", "Handshake::SlackChallenge"),
    ("hub-challenge", "Handshake::HubChallenge"),
    ("x-crc", "Handshake::XCrc"),
    ("zoom", "Handshake::Zoom"),
    ("dropbox", "Handshake::Dropbox"),
    ("twitch", "Handshake::Twitch"),
    ("okta", "Handshake::Okta"),
    ("event-grid", "Handshake::EventGrid"),
    ("asana", "Handshake::Asana"),
    ("notion", "Handshake::Notion"),
    ("bitbucket-ping", "Handshake::BitbucketPing"),
    ("woocommerce-ping", "Handshake::WooCommercePing"),
    ("monday", "Handshake::Monday"),
    ("discord-ping", "Handshake::DiscordPing"),
    ("sns-confirm", "Handshake::SnsConfirm"),
    ("cloudevents", "Handshake::CloudEvents"),
    ("head", "Handshake::Head"),
    ("ping", "Handshake::Ping"),
    ("terraform", "Handshake::Terraform"),
    ("xero", "Handshake::Xero"),
    ("validation-token", "Handshake::ValidationToken"),
    ("onfleet", "Handshake::Onfleet"),
    ("get", "Handshake::Get"),
    ("strava", "Handshake::Strava"),
    ("websub", "Handshake::WebSub"),
    ("lark", "Handshake::Lark"),
    ("google-channel", "Handshake::GoogleChannel"),
    ("viber", "Handshake::Viber"),
    ("figma", "Handshake::Figma"),
];

fn main() -> Result<()> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let folder = root.join("table");
    for watched in ["table", "build.rs", "build", CASES] {
        println!("cargo::rerun-if-changed={}", root.join(watched).display());
    }
    let mut senders = String::from("/// Every sender, by name.\nstatic SENDERS: &[Sender] = &[\n");
    let mut facts = String::from("/// What else is known of each sender.\nstatic FACTS: &[Facts] = &[\n");
    let mut repeats = String::from("/// How each sender delivers again.\nstatic REPEATS: &[Repeat] = &[\n");
    let mut samples = String::from("/// A small event of each sender.\nstatic SAMPLES: &[Sample] = &[\n");
    let mut cases = String::from("/// Bodies of more events of each sender, as JSON.\nstatic CASES: &[&str] = &[\n");
    let mut texts = String::from("static TEXTS: &[Text] = &[\n");
    for (at, file) in sorted(&folder, "toml")?.into_iter().enumerate() {
        let name = stem(&file)?;
        let codes = row_codes(&name, at, &file, &folder.join(&name)).map_err(|e| format!("{}: {e}", file.display()))?;
        for (table, code) in [&mut facts, &mut repeats, &mut samples, &mut senders].into_iter().zip(codes) {
            writeln!(table, "    {code},")?;
        }
        let kept = root.join(CASES).join(format!("{name}.json"));
        match kept.is_file() {
            true => writeln!(cases, "    include_str!({kept:?}),")?,
            false => writeln!(cases, "    \"[]\",")?,
        }
        for text in sorted(&folder.join(&name), "html")? {
            let event = stem(&text)?;
            writeln!(texts, "    Text {{ sender: {name:?}, event_type: {event:?}, source: include_str!({text:?}) }},")?;
        }
    }
    for text in sorted(&folder, "html")? {
        let event = stem(&text)?;
        writeln!(texts, "    Text {{ sender: \"\", event_type: {event:?}, source: include_str!({text:?}) }},")?;
    }
    for table in [&mut facts, &mut repeats, &mut samples, &mut senders, &mut cases, &mut texts] {
        table.push_str("];\n");
    }
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("senders.rs"), [senders, facts, repeats, samples, cases].concat())?;
    fs::write(out.join("texts.rs"), texts)?;
    Ok(())
}

/// The files of `folder` with this extension, by name; none where the folder is missing.
fn sorted(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

/// A file's name without its extension.
fn stem(path: &Path) -> Result<String> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    Ok(stem.ok_or_else(|| format!("{} has no usable name", path.display()))?.to_owned())
}

/// The Rust expressions for one row: its facts, how it repeats itself, its sample and its sender.
fn row_codes(name: &str, at: usize, file: &Path, beside: &Path) -> Result<[String; 4]> {
    let row: Row = toml::from_str(&fs::read_to_string(file)?)?;
    Ok([facts_code(&row)?, repeat::code(&row)?, sample_code(&row, beside)?, sender_code(name, at, row)?])
}

/// The Rust expression for one sender.
fn sender_code(name: &str, at: usize, row: Row) -> Result<String> {
    Ok(format!(
        "Sender {{ name: {name:?}, event_type: {}, delivery_id: {}, scheme: {}, \
         alternative: {}, handshake: {}, answers: {}, unpack: {}, proof_bytes: {:?}, at: {at} }}",
        code::place(&row.event_type),
        code::place(&row.delivery_id),
        code::scheme(row.scheme)?,
        code::alternative(row.alternative)?,
        known(row.handshake.as_deref().unwrap_or("none"), HANDSHAKES)?,
        answers(&row.answer)?,
        code::unpack(&row.unpack)?,
        row.proof_bytes,
    ))
}

/// The Rust expression for what else is known of a sender.
fn facts_code(row: &Row) -> Result<String> {
    let Row { title, docs, source, deadline_seconds, retries, max_body_bytes, setup, .. } = row;
    Ok(format!(
        "Facts {{ title: {title:?}, docs: {docs:?}, source: {source:?}, category: {:?}, deadline_seconds: {deadline_seconds:?}, retries: {retries:?}, \
         max_body_bytes: {max_body_bytes:?}, setup: &{setup:?}, verified: {} }}",
        known(&row.category, CATEGORIES)?,
        known(&row.verified, VERIFICATIONS)?,
    ))
}

/// The Rust expression for a sender's sample event; its headers say what it is, and its type where that is a header.
fn sample_code(row: &Row, beside: &Path) -> Result<String> {
    let found: Vec<_> = SAMPLES.iter().filter(|(name, _)| beside.join(name).is_file()).collect();
    let (own, content_type, text) = match found.as_slice() {
        [] => (false, "application/json", PLAIN_SAMPLE.to_owned()),
        [(name, content_type)] => (true, *content_type, fs::read_to_string(beside.join(name))?),
        [..] => return Err("there is more than one sample".into()),
    };
    let mut event_type = row.sample.event_type.as_deref();
    let mut headers = vec![("content-type", content_type)];
    match (&row.event_type, event_type) {
        (place, Some(event_type)) if own || matches!(place, Place::Header(_)) => {
            headers.extend(header_of(place).map(|header| (header, event_type)));
        }
        _ if !own => event_type = None,
        _ => {}
    }
    let body = text.trim_end();
    Ok(format!("Sample {{ event_type: {event_type:?}, headers: &{headers:?}, body: {body:?} }}"))
}

/// The header that says an event's type, where a header does.
fn header_of(place: &Place) -> Option<&str> {
    match place {
        Place::Header(name) => Some(name),
        Place::First(places) => places.first().and_then(header_of),
        _ => None,
    }
}

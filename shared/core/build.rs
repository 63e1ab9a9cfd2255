//! Turns `senders/*.toml`, and the samples and message texts beside them, into two static tables, so that nothing is parsed
//! at start-up.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use serde::Deserialize;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sender {
    title: String,
    #[serde(default)]
    docs: String,
    event_type: Place,
    delivery_id: Place,
    scheme: Scheme,
    #[serde(default)]
    sample: Sample,
}

/// What a sender's `sample.json` does not say itself.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sample {
    event_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Place {
    Header(String),
    Field(String),
}

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Scheme {
    Hmac {
        hash: String,
        header: String,
        #[serde(default)]
        prefix: String,
        separator: Option<char>,
        encoding: String,
        content: Vec<String>,
        secret: String,
        timestamp: Option<Clock>,
    },
    Token {
        header: String,
    },
    None,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    header: String,
    tolerance_seconds: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("senders");
    println!("cargo::rerun-if-changed={}", folder.display());
    let mut senders = String::from("/// Every sender, by name.\nstatic SENDERS: &[Sender] = &[\n");
    let mut texts = String::from("static TEXTS: &[Text] = &[\n");
    for file in sorted(&folder, "toml")? {
        let name = stem(&file)?;
        let sender: Sender =
            toml::from_str(&fs::read_to_string(&file)?).map_err(|e| format!("{}: {e}", file.display()))?;
        let sample = sample_code(&sender, &folder.join(&name).join("sample.json"))?;
        writeln!(senders, "    {},", sender_code(&name, &sender, &sample)?)?;
        for text in sorted(&folder.join(&name), "html")? {
            let event = stem(&text)?;
            writeln!(texts, "    Text {{ sender: {name:?}, event_type: {event:?}, source: include_str!({text:?}) }},")?;
        }
    }
    for text in sorted(&folder, "html")? {
        let event = stem(&text)?;
        writeln!(texts, "    Text {{ sender: \"\", event_type: {event:?}, source: include_str!({text:?}) }},")?;
    }
    senders.push_str("];\n");
    texts.push_str("];\n");
    let out = PathBuf::from(env::var("OUT_DIR")?);
    fs::write(out.join("senders.rs"), senders)?;
    fs::write(out.join("texts.rs"), texts)?;
    Ok(())
}

/// The files of `folder` with this extension, by name; none where the folder is missing.
fn sorted(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Box<dyn Error>> {
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
fn stem(path: &Path) -> Result<String, Box<dyn Error>> {
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    Ok(stem.ok_or_else(|| format!("{} has no usable name", path.display()))?.to_owned())
}

/// The Rust expression for one sender.
fn sender_code(name: &str, sender: &Sender, sample: &str) -> Result<String, Box<dyn Error>> {
    Ok(format!(
        "Sender {{ name: {name:?}, title: {:?}, docs: {:?}, event_type: {}, delivery_id: {}, scheme: {}, sample: {sample} }}",
        sender.title,
        sender.docs,
        place_code(&sender.event_type),
        place_code(&sender.delivery_id),
        scheme_code(name, &sender.scheme)?
    ))
}

/// The Rust expression for a sender's sample event; its headers say that it is JSON, and its type where that is a header.
fn sample_code(sender: &Sender, body: &Path) -> Result<String, Box<dyn Error>> {
    let text = fs::read_to_string(body).map_err(|e| format!("{}: {e}: every sender needs a sample", body.display()))?;
    let event_type = sender.sample.event_type.as_deref();
    let mut headers = vec![("content-type", "application/json")];
    if let (Place::Header(header), Some(event_type)) = (&sender.event_type, event_type) {
        headers.push((header, event_type));
    }
    let body = text.trim_end();
    Ok(format!("Sample {{ event_type: {event_type:?}, headers: &{headers:?}, body: {body:?} }}"))
}

/// The Rust expression for where a value is found.
fn place_code(place: &Place) -> String {
    match place {
        Place::Header(header) => format!("Place::Header({header:?})"),
        Place::Field(field) => format!("Place::Field({field:?})"),
    }
}

/// The Rust expression for a scheme; a word that the families do not know stops the build.
fn scheme_code(name: &str, scheme: &Scheme) -> Result<String, Box<dyn Error>> {
    let Scheme::Hmac { hash, header, prefix, separator, encoding, content, secret, timestamp } = scheme else {
        return Ok(match scheme {
            Scheme::Token { header } => format!("Scheme::Token {{ header: {header:?} }}"),
            _ => "Scheme::None".to_owned(),
        });
    };
    let hash = known(name, hash, &[("sha256", "Hash::Sha256")])?;
    let encoding = known(name, encoding, &[("hex", "Encoding::Hex"), ("base64", "Encoding::Base64")])?;
    let secret = known(name, secret, &[("raw", "SecretFormat::Raw"), ("whsec", "SecretFormat::Whsec")])?;
    let timestamp = match timestamp {
        None => "None".to_owned(),
        Some(clock) => {
            format!("Some(Clock {{ header: {:?}, tolerance_seconds: {} }})", clock.header, clock.tolerance_seconds)
        }
    };
    let content = content.iter().map(|part| part_code(name, part)).collect::<Result<Vec<_>, _>>()?.join(", ");
    Ok(format!(
        "Scheme::Hmac(HmacScheme {{ hash: {hash}, header: {header:?}, prefix: {prefix:?}, separator: {separator:?}, \
         encoding: {encoding}, content: &[{content}], secret: {secret}, timestamp: {timestamp} }})"
    ))
}

/// The Rust expression for one part of the signed content.
fn part_code(name: &str, part: &str) -> Result<String, Box<dyn Error>> {
    Ok(match part.split_once(':') {
        None if part == "body" => "Part::Body".to_owned(),
        Some(("header", header)) => format!("Part::Header({header:?})"),
        Some(("text", text)) => format!("Part::Text({text:?})"),
        _ => return Err(format!("senders/{name}.toml: unknown content part {part:?}").into()),
    })
}

/// The Rust path for a word of the table.
fn known<'a>(name: &str, word: &str, words: &[(&str, &'a str)]) -> Result<&'a str, Box<dyn Error>> {
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, path)| *path);
    Ok(found.ok_or_else(|| format!("senders/{name}.toml: unknown word {word:?}"))?)
}

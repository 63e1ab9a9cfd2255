//! The Rust expressions for the rows of the table. A word or a field that the families do not know stops the build.

use std::collections::BTreeMap;
use std::error::Error;

use serde::Deserialize;

use crate::row::{Alternative, Place, Scheme, Unpack};

/// What goes wrong with a row.
pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The fields of a scheme, each taken once.
struct Fields(BTreeMap<String, toml::Value>);

/// Where the time of signing is.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clock {
    header: Option<String>,
    pair: Option<String>,
    field: Option<String>,
    unit: Option<String>,
    tolerance_seconds: u64,
}

/// Where a public key is fetched from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Key {
    url: Option<String>,
    header: Option<String>,
    field: Option<String>,
    kind: String,
    json_field: Option<String>,
    hosts: Vec<String>,
    path: String,
    region: Option<String>,
    #[serde(default)]
    subject: String,
    #[serde(default)]
    issuer: String,
}

impl Fields {
    /// Takes a field that may be missing.
    fn maybe<T: for<'de> Deserialize<'de>>(&mut self, name: &str) -> Result<Option<T>> {
        let value = self.0.remove(name).map(toml::Value::try_into).transpose();
        Ok(value.map_err(|e| format!("{name}: {e}"))?)
    }

    /// Takes a field.
    fn one<T: for<'de> Deserialize<'de>>(&mut self, name: &str) -> Result<T> {
        Ok(self.maybe(name)?.ok_or_else(|| format!("{name} is missing"))?)
    }

    /// Takes a word, and gives the Rust path for it.
    fn word<'a>(&mut self, name: &str, words: &[(&str, &'a str)]) -> Result<&'a str> {
        known(&self.one::<String>(name)?, words)
    }

    /// Refuses fields that nobody took.
    fn end(self) -> Result<()> {
        match self.0.keys().next() {
            None => Ok(()),
            Some(name) => Err(format!("unknown field {name}").into()),
        }
    }
}

const HASHES: &[(&str, &str)] = &[
    ("md5", "Hash::Md5"),
    ("sha1", "Hash::Sha1"),
    ("sha256", "Hash::Sha256"),
    ("sha384", "Hash::Sha384"),
    ("sha512", "Hash::Sha512"),
];
const ENCODINGS: &[(&str, &str)] =
    &[("hex", "Encoding::Hex"), ("base64", "Encoding::Base64"), ("base64url", "Encoding::Base64Url")];
const SECRETS: &[(&str, &str)] = &[
    ("raw", "SecretFormat::Raw"),
    ("whsec", "SecretFormat::Whsec"),
    ("base64", "SecretFormat::Base64"),
    ("hex", "SecretFormat::Hex"),
    ("nfkd", "SecretFormat::Nfkd"),
    ("public-key", "SecretFormat::PublicKey"),
];
const UNITS: &[(&str, &str)] = &[
    ("s", "Unit::Seconds"),
    ("ms", "Unit::Milliseconds"),
    ("iso8601", "Unit::Iso8601"),
    ("http-date", "Unit::HttpDate"),
];
const JWT_ALGORITHMS: &[(&str, &str)] = &[
    ("HS256", "JwtAlgorithm::Hmac(Hash::Sha256)"),
    ("HS384", "JwtAlgorithm::Hmac(Hash::Sha384)"),
    ("HS512", "JwtAlgorithm::Hmac(Hash::Sha512)"),
    ("ES256", "JwtAlgorithm::Es256"),
    ("ES384", "JwtAlgorithm::Es384"),
    ("RS256", "JwtAlgorithm::Rsa(Hash::Sha256)"),
    ("RS384", "JwtAlgorithm::Rsa(Hash::Sha384)"),
    ("RS512", "JwtAlgorithm::Rsa(Hash::Sha512)"),
    ("EdDSA", "JwtAlgorithm::EdDsa"),
];
const WRAPPINGS: &[(&str, &str)] =
    &[("base64", "Wrapping::Base64"), ("jws", "Wrapping::Jws"), ("json", "Wrapping::Json")];
const PARTS: &[(&str, &str)] = &[
    ("body", "Part::Body"),
    ("body-sha256", "Part::BodySha256"),
    ("body-sha256-hex", "Part::BodySha256Hex"),
    ("body-sha256-base64", "Part::BodySha256Base64"),
    ("body-crc32", "Part::BodyCrc32"),
    ("form", "Part::Form"),
    ("form-or-body-sha256", "Part::FormOrBodyHash"),
    ("manifest", "Part::Manifest"),
    ("method", "Part::Method"),
    ("path", "Part::Path"),
    ("query", "Part::Query"),
    ("query-sorted", "Part::QuerySorted"),
    ("secret", "Part::Secret"),
    ("sns", "Part::Sns"),
    ("url", "Part::Url"),
    ("url-any-port", "Part::UrlAnyPort"),
    ("url-contentful", "Part::UrlContentful"),
    ("url-hubspot", "Part::UrlHubspot"),
];
const NAMED_PARTS: &[(&str, &str)] = &[
    ("field", "Part::Field"),
    ("form-field", "Part::FormField"),
    ("header", "Part::Header"),
    ("listed-headers", "Part::ListedHeaders"),
    ("listed-values", "Part::ListedValues"),
    ("optional-field", "Part::OptionalField"),
    ("pair", "Part::Pair"),
    ("text", "Part::Text"),
];

/// The expression for where a value is found.
pub(crate) fn place(place: &Place) -> String {
    match place {
        Place::Nowhere => "Place::Nowhere".to_owned(),
        Place::Header(name) => format!("Place::Header({name:?})"),
        Place::Field(path) => format!("Place::Field({path:?})"),
        Place::Key(names) => format!("Place::Key(&{names:?})"),
        Place::Join(places) => format!("Place::Join(&[{}])", several(places)),
        Place::First(places) => format!("Place::First(&[{}])", several(places)),
    }
}

/// The expressions for several places.
fn several(places: &[Place]) -> String {
    places.iter().map(place).collect::<Vec<_>>().join(", ")
}

/// The expression for another scheme of the same sender.
pub(crate) fn alternative(alternative: Option<Alternative>) -> Result<String> {
    let Some(Alternative { secret_prefix, scheme }) = alternative else { return Ok("None".to_owned()) };
    let when = match secret_prefix {
        Some(prefix) if prefix.is_empty() => return Err("an empty secret_prefix is that of every secret".into()),
        Some(prefix) => format!("AlternativeWhen::SecretBegins({prefix:?})"),
        None => "AlternativeWhen::FirstIsAbsent".to_owned(),
    };
    Ok(format!("Some(&Alternative {{ when: {when}, scheme: {} }})", self::scheme(scheme)?))
}

/// The expression for a scheme.
pub(crate) fn scheme(scheme: Scheme) -> Result<String> {
    let mut fields = Fields(scheme.fields);
    let code = match scheme.kind.as_str() {
        "none" => "Scheme::None".to_owned(),
        "token" => format!("Scheme::Token({})", token(&mut fields)?),
        "jwt" => format!("Scheme::Jwt({})", jwt(&mut fields)?),
        "app-store" => {
            format!("Scheme::AppStore(AppStore {{ environment: {:?} }})", fields.one::<String>("environment")?)
        }
        kind => format!("Scheme::Signed({})", signed(kind, &mut fields)?),
    };
    fields.end()?;
    Ok(code)
}

/// The expression for a signature.
fn signed(kind: &str, fields: &mut Fields) -> Result<String> {
    let mut hash =
        |variant: &str| Ok::<_, Box<dyn Error>>(format!("Algorithm::{variant}({})", fields.word("hash", HASHES)?));
    let algorithm = match kind {
        "hmac" => hash("Hmac")?,
        "digest" => hash("Digest")?,
        "rsa" => hash("Rsa")?,
        "rsa-by-version" => "Algorithm::RsaByVersion".to_owned(),
        "ed25519" => "Algorithm::Ed25519".to_owned(),
        "ecdsa-p256" => "Algorithm::EcdsaP256".to_owned(),
        _ => return Err(format!("unknown kind {kind:?}").into()),
    };
    let carrier = match fields.maybe::<String>("field")? {
        Some(field) => format!("Carrier::Field({field:?})"),
        None => header(fields)?,
    };
    let (shape, writing) = (shape(fields)?, writing(fields)?);
    let encoding = fields.word("encoding", ENCODINGS)?;
    let content = parts(&fields.one::<Vec<String>>("content")?)?;
    let secret = match fields.maybe::<String>("secret")? {
        Some(word) => known(&word, SECRETS)?,
        None if matches!(kind, "hmac" | "digest") => "SecretFormat::Raw",
        None => "SecretFormat::PublicKey",
    };
    let timestamp = optional(fields.maybe("timestamp")?, clock)?;
    let require: Vec<_> =
        fields.maybe::<BTreeMap<String, String>>("require")?.unwrap_or_default().into_iter().collect();
    let each = fields.maybe::<String>("each")?;
    let key = optional(fields.maybe("key")?, |place| Ok(format!("&{}", key(place)?)))?;
    let bind = parts(&fields.maybe::<Vec<String>>("bind")?.unwrap_or_default())?;
    let document: Option<String> = fields.maybe("document")?;
    Ok(format!(
        "Signed {{ algorithm: {algorithm}, place: {carrier}, shape: {shape}, writing: {writing}, encoding: {encoding}, \
         content: {content}, secret: {secret}, timestamp: {timestamp}, require: &{require:?}, each: {each:?}, key: {key}, \
         bind: {bind}, document: {document:?} }}"
    ))
}

/// The expression for the headers that carry a signature.
fn header(fields: &mut Fields) -> Result<String> {
    let first: String = fields.one("header")?;
    let others: Vec<String> = fields.maybe("other_headers")?.unwrap_or_default();
    match fields.maybe::<bool>("numbered")? {
        Some(true) if others.is_empty() && first.ends_with(|c: char| c.is_ascii_digit()) => {
            Ok(format!("Carrier::Numbered({first:?})"))
        }
        Some(true) => Err("a numbered header ends with a number, and is the only one".into()),
        _ => Ok(format!("Carrier::Headers(&{:?})", [vec![first], others].concat())),
    }
}

/// The expression for what else a header may be written like.
fn writing(fields: &mut Fields) -> Result<String> {
    let bare = fields.maybe::<bool>("bare")?.unwrap_or(false);
    let repeated = fields.maybe::<bool>("repeated")?.unwrap_or(false);
    let sets: Option<char> = fields.maybe("sets")?;
    Ok(format!("Writing {{ bare: {bare}, repeated: {repeated}, sets: {sets:?} }}"))
}

/// The expression for how a header is written.
fn shape(fields: &mut Fields) -> Result<String> {
    let prefix: String = fields.maybe("prefix")?.unwrap_or_default();
    let separator: Option<String> = fields.maybe("separator")?;
    Ok(match (fields.maybe::<String>("signature")?, separator) {
        (Some(key), separators) => {
            let separators = separators.unwrap_or_else(|| ",".to_owned());
            format!("Shape::Pairs {{ separators: {separators:?}, signature: {key:?} }}")
        }
        (None, None) => format!("Shape::Whole({prefix:?})"),
        (None, Some(separator)) => {
            let one = separator.chars().next().filter(|_| separator.chars().count() == 1);
            let separator = one.ok_or("separator is one character for a list")?;
            format!("Shape::List {{ separator: {separator:?}, prefix: {prefix:?} }}")
        }
    })
}

/// The expression for a shared token's place.
fn token(fields: &mut Fields) -> Result<String> {
    if fields.maybe::<bool>("basic")? == Some(true) {
        return Ok("TokenPlace::Basic".to_owned());
    }
    if let Some(name) = fields.maybe::<String>("query")? {
        return Ok(format!("TokenPlace::Query({name:?})"));
    }
    if let Some(path) = fields.maybe::<String>("field")? {
        return Ok(format!("TokenPlace::Field({path:?})"));
    }
    if let Some(path) = fields.maybe::<String>("form")? {
        return Ok(format!("TokenPlace::Form({path:?})"));
    }
    let (name, prefix) = (fields.one::<String>("header")?, fields.maybe::<String>("prefix")?.unwrap_or_default());
    Ok(format!("TokenPlace::Header {{ name: {name:?}, prefix: {prefix:?} }}"))
}

/// The expression for a JSON Web Token.
fn jwt(fields: &mut Fields) -> Result<String> {
    let names: Vec<String> = fields.one("algorithms")?;
    let algorithms = names.iter().map(|name| known(name, JWT_ALGORITHMS)).collect::<Result<Vec<_>>>()?.join(", ");
    let recipient = match (fields.maybe::<String>("recipient")?.as_deref(), fields.maybe::<String>("email")?) {
        (None, None) => "None".to_owned(),
        (Some("audience"), email) => format!("Some(Recipient::Audience({email:?}))"),
        (Some("email"), None) => "Some(Recipient::Email)".to_owned(),
        _ => return Err("recipient is `audience`, with or without an email, or `email`".into()),
    };
    let issuers = match fields.maybe::<String>("issuer")? {
        Some(issuer) => vec![issuer],
        None => fields.maybe::<Vec<String>>("issuers")?.unwrap_or_default(),
    };
    let body_hash: Option<String> = fields.maybe("body_hash")?;
    if body_hash.is_none() && recipient == "None" {
        return Err("a token speaks of the body, or of whom it is for".into());
    }
    let encoding = match fields.maybe::<String>("encoding")? {
        Some(word) => known(&word, ENCODINGS)?,
        None if body_hash.is_none() => "Encoding::Hex",
        None => return Err("encoding is missing".into()),
    };
    Ok(format!(
        "Jwt {{ header: {:?}, prefix: {:?}, algorithms: &[{algorithms}], issuers: &{issuers:?}, recipient: {recipient}, \
         body_hash: {body_hash:?}, body_hash_optional: {}, encoding: {encoding}, url_hash: {:?}, leeway_seconds: {}, \
         max_age_seconds: {:?}, key: {} }}",
        fields.one::<String>("header")?,
        fields.maybe::<String>("prefix")?.unwrap_or_default(),
        fields.maybe::<bool>("body_hash_optional")?.unwrap_or(false),
        fields.maybe::<String>("url_hash")?,
        fields.maybe::<u64>("leeway_seconds")?.unwrap_or(0),
        fields.maybe::<u64>("max_age_seconds")?,
        optional(fields.maybe("key")?, |place| Ok(format!("&{}", key(place)?)))?,
    ))
}

/// The expression for what is unpacked of a payload.
pub(crate) fn unpack(steps: &[Unpack]) -> Result<String> {
    let write = |step: &Unpack| {
        let (field, into) = (&step.field, step.into.as_ref().unwrap_or(&step.field));
        let wrapping = known(&step.wrapping, WRAPPINGS)?;
        Ok(format!("Unpack {{ field: {field:?}, wrapping: {wrapping}, into: {into:?} }}"))
    };
    Ok(format!("&[{}]", steps.iter().map(write).collect::<Result<Vec<_>>>()?.join(", ")))
}

/// The expression for the time of signing.
fn clock(clock: Clock) -> Result<String> {
    let place = one_of(&[("Header", clock.header), ("Pair", clock.pair), ("Field", clock.field)], "ClockPlace")?;
    let unit = known(clock.unit.as_deref().unwrap_or("s"), UNITS)?;
    Ok(format!("Clock {{ place: {place}, unit: {unit}, tolerance_seconds: {} }}", clock.tolerance_seconds))
}

/// The expression for where a public key is fetched from.
fn key(key: Key) -> Result<String> {
    let url = one_of(&[("Fixed", key.url), ("Header", key.header), ("Field", key.field)], "KeyUrl")?;
    let kind = match (key.kind.as_str(), key.json_field) {
        ("certificate", None) if !key.subject.is_empty() => "KeyKind::Certificate".to_owned(),
        ("json-pem", Some(field)) => format!("KeyKind::JsonPem({field:?})"),
        ("jwk", None) => "KeyKind::Jwk".to_owned(),
        ("jwks", None) => "KeyKind::Jwks".to_owned(),
        (kind, _) => return Err(format!("unknown kind of key {kind:?}, or a field too much or too few").into()),
    };
    if key.hosts.iter().any(|host| host.contains('*') || host.contains("{region}") != key.region.is_some()) {
        return Err("a host of a key is a name, with `{region}` in it where `region` says which".into());
    }
    let Key { hosts, region, path, subject, issuer, .. } = key;
    Ok(format!(
        "KeyPlace {{ url: {url}, kind: {kind}, hosts: &{hosts:?}, region: {region:?}, path: {path:?}, \
         subject: {subject:?}, issuer: {issuer:?} }}"
    ))
}

/// The expression for the one variant that is there.
fn one_of(variants: &[(&str, Option<String>)], name: &str) -> Result<String> {
    let found: Vec<_> = variants.iter().filter_map(|(variant, value)| Some((variant, value.as_ref()?))).collect();
    match found.as_slice() {
        [(variant, value)] => Ok(format!("{name}::{variant}({value:?})")),
        _ => Err(format!("exactly one place for {name}").into()),
    }
}

/// The expression for something that may be missing.
fn optional<T>(value: Option<T>, write: impl Fn(T) -> Result<String>) -> Result<String> {
    match value {
        None => Ok("None".to_owned()),
        Some(value) => Ok(format!("Some({})", write(value)?)),
    }
}

/// The expression for the parts of a signed content.
fn parts(parts: &[String]) -> Result<String> {
    let write = |part: &String| match part.split_once(':') {
        Some((kind, name)) => Ok(format!("{}({name:?})", known(kind, NAMED_PARTS)?)),
        None => Ok(known(part, PARTS)?.to_owned()),
    };
    Ok(format!("&[{}]", parts.iter().map(write).collect::<Result<Vec<_>>>()?.join(", ")))
}

/// The Rust path for a word of the table.
pub(crate) fn known<'a>(word: &str, words: &[(&str, &'a str)]) -> Result<&'a str> {
    let found = words.iter().find(|(known, _)| *known == word).map(|(_, path)| *path);
    Ok(found.ok_or_else(|| format!("unknown word {word:?}"))?)
}

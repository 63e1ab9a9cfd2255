//! For every sender a secret that nobody can guess, one request that is proved with it, and what may not pass.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use bellhop_core::json;
use bellhop_core::secret::Secret;
use bellhop_senders::sender::{
    Alternative, AlternativeWhen, AppStore, Carrier, ClockPlace, Part, Scheme, SecretFormat, Sender, Shape, Signed,
    TokenPlace, text_at,
};
use bellhop_senders::sign::{Draft, sign_request};
use bellhop_senders::verify::{FetchedKey, Key, Refusal, verify, wanted_key};
use serde_json::Value;

use super::request::{BASE, Request};

/// When the requests were signed.
pub const SIGNED_AT: u64 = 1_700_000_000;

/// Requests of the senders that sign with a key of their own, as the tests of `bellhop-core` sign them.
const SIGNED_ELSEWHERE: &str = include_str!("../signed.json");

/// Every sender's stage; a sender with two schemes, or with two kinds of body, has two.
pub static STAGES: LazyLock<Vec<Stage>> = LazyLock::new(|| {
    let ours = Sender::all().iter().flat_map(|sender| {
        let bodies: &[&[u8]] = match sender.name {
            "twilio" => &[b"From=octo&Body=hello", br#"{"hello":"octo"}"#],
            "dropbox-sign" => &[b"json=%7B%22hello%22%3A%22octo%22%7D"],
            _ => &[br#"{"hello":"octo","items":[1]}"#],
        };
        bodies.iter().zip(0..).flat_map(move |(body, number)| {
            secrets(sender, number).filter_map(|secret| Stage::signed(sender, secret, body))
        })
    });
    let theirs: Vec<Value> = serde_json::from_str(SIGNED_ELSEWHERE).unwrap_or_default();
    ours.chain(theirs.iter().filter_map(Stage::read)).collect()
});

/// A sender, what its hook knows, and a request that is accepted.
pub struct Stage {
    /// The sender.
    pub sender: &'static Sender,
    /// The hook's secret.
    pub secret: Secret,
    /// The same, ready for use.
    pub keys: Vec<Key>,
    /// The sender's key as it is found at its address, where it is fetched.
    pub found: String,
    /// The same, read.
    pub fetched: Option<FetchedKey>,
    /// The request.
    pub good: Request,
    /// The part of it that only the holder of the secret could write.
    pub proof: String,
}

/// The secrets of a sender's stages, one of each scheme; no two stages have the same.
fn secrets(sender: &Sender, number: u8) -> impl Iterator<Item = Secret> + use<> {
    let chance = b"5ca1ab1e0ddba11c0ffee0ddfacade5c".iter().zip(sender.name.bytes().cycle());
    let text = hex::encode(chance.map(|(chance, letter)| chance ^ letter ^ number << 6).collect::<Vec<u8>>());
    let plain = if sender.scheme == Scheme::Token(TokenPlace::Basic) { "user:" } else { "" };
    let other = match &sender.alternative {
        Some(Alternative { when: AlternativeWhen::SecretBegins(prefix), scheme: Scheme::Signed(signed) })
            if signed.secret == SecretFormat::Whsec =>
        {
            Some(format!("{prefix}{text}"))
        }
        _ => None,
    };
    [Some(format!("{plain}{text}")), other].into_iter().flatten().filter_map(|text| Secret::new(text).ok())
}

impl Stage {
    /// The stage of a sender that our signer can sign for.
    fn signed(sender: &'static Sender, secret: Secret, body: &[u8]) -> Option<Self> {
        let body =
            if scheme_reads_form(sender.scheme_for(secret.expose())) { &b"From=octo&Body=hello"[..] } else { body };
        let mut good = Request {
            method: "POST".to_owned(),
            base: BASE.to_owned(),
            target: "/webhook/p?a=1".to_owned(),
            at: SIGNED_AT,
            headers: Vec::new(),
            body: body.to_vec(),
        };
        let draft =
            Draft { method: "POST", url: bellhop_senders::inbound::Url::new(BASE, &good.target), body, id: "msg_1" };
        let proof = sign_request(sender, &secret, draft, good.now()).ok()?;
        good.headers = proof.headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
        proof.query.iter().for_each(|parameter| good.target.push_str(&format!("&{parameter}")));
        good.body = proof.body.unwrap_or(good.body);
        Self::new(sender, secret, good, String::new())
    }

    /// The stage of a request that was signed elsewhere.
    fn read(row: &Value) -> Option<Self> {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let headers = row["headers"].as_array()?.iter();
        let good = Request {
            method: "POST".to_owned(),
            base: BASE.to_owned(),
            target: text("target"),
            at: row["at"].as_u64().unwrap_or(SIGNED_AT),
            headers: headers
                .map(|pair| Some((pair[0].as_str()?.to_owned(), pair[1].as_str()?.as_bytes().to_vec())))
                .collect::<Option<_>>()?,
            body: text("body").into_bytes(),
        };
        Self::new(Sender::named(&text("sender"))?, Secret::new(text("secret")).ok()?, good, text("found"))
    }

    /// A stage, where its request is one that proves itself.
    fn new(sender: &'static Sender, secret: Secret, good: Request, found: String) -> Option<Self> {
        let keys = vec![Key::new(sender, &secret).ok()?];
        let fetched = {
            let pairs = good.pairs();
            let wanted = wanted_key(sender, good.inbound(&pairs)).ok()?;
            wanted.and_then(|wanted| FetchedKey::read(wanted, found.as_bytes()).ok())
        };
        let proof = proof(sender.scheme_for(secret.expose()), &secret, &good);
        Some(Self { sender, secret, keys, found, fetched, good, proof })
    }

    /// The scheme that its secret is for.
    pub fn scheme(&self) -> &'static Scheme {
        self.sender.scheme_for(self.secret.expose())
    }

    /// The scheme's signature, where it is one.
    pub fn signature(&self) -> Option<&'static Signed> {
        match self.scheme() {
            Scheme::Signed(signed) => Some(signed),
            _ => None,
        }
    }

    /// Verifies a request, and panics where it passes without being the one that was signed.
    pub fn verify(&self, request: &Request) -> Result<(), Refusal> {
        let pairs = request.pairs();
        let inbound = request.inbound(&pairs);
        let _ = wanted_key(self.sender, inbound);
        verify(self.sender, &self.keys, inbound, self.fetched.as_ref(), request.now())?;
        // A sender's stages may have one secret and several signed requests.
        let alike = STAGES.iter().filter(|stage| (stage.sender, &stage.secret) == (self.sender, &self.secret));
        if let Err(why) = self.is_the_signed_one(request)
            && !alike.into_iter().any(|stage| stage.is_the_signed_one(request).is_ok())
        {
            panic!("{}: {why} was accepted: {}", self.sender.name, request.write(self.sender.name).escape_ascii());
        }
        Ok(())
    }

    /// Whether a request says nothing but what was signed; else what it says.
    fn is_the_signed_one(&self, request: &Request) -> Result<(), &'static str> {
        let check = |holds: bool, why: &'static str| if holds { Ok(()) } else { Err(why) };
        if self.sender.is_unsigned() {
            return Ok(());
        }
        check(holds(request, &self.proof), "another proof")?;
        let (good, signed) = (&self.good, self.signature());
        let content = signed.map_or(&[][..], |signed| signed.content);
        let is_jwt = matches!(self.scheme(), Scheme::Jwt(jwt) if jwt.body_hash.is_some());
        let covers = |parts: &[Part]| content.iter().any(|part| parts.contains(part));
        let whole = [Part::Body, Part::BodySha256, Part::BodySha256Hex, Part::BodySha256Base64];
        check(!(is_jwt || covers(&whole)) || request.body == good.body, "another body")?;
        let same_form = run_together(&request.body) == run_together(&good.body);
        let by_hash = content.contains(&Part::FormOrBodyHash) && good.target.contains("bodySHA256");
        check(!covers(&[Part::Form, Part::FormOrBodyHash]) || by_hash || same_form, "another form")?;
        check(!by_hash || request.body == good.body, "another body")?;
        let urls = [Part::Url, Part::UrlAnyPort, Part::UrlHubspot, Part::UrlContentful];
        let url_in_jwt = matches!(self.scheme(), Scheme::Jwt(jwt) if jwt.url_hash.is_some());
        let same_url = plain(&request.target) == plain(&good.target);
        check(!(url_in_jwt || covers(&urls)) || same_url, "another target")?;
        let base_counts = url_in_jwt || covers(&[Part::Url, Part::UrlAnyPort, Part::UrlHubspot]);
        check(!base_counts || request.base.trim_end_matches(":443") == good.base, "another public URL")?;
        check(!covers(&[Part::Method]) || request.method == good.method, "another method")?;
        let tolerance = match (self.scheme(), signed.and_then(|signed| signed.timestamp)) {
            (_, Some(clock)) => clock.tolerance_seconds,
            (Scheme::Jwt(jwt), None) => jwt.leeway_seconds.max(300).max(jwt.max_age_seconds.unwrap_or_default()),
            _ => u64::MAX,
        };
        check(request.at.abs_diff(good.at) <= tolerance.saturating_add(1), "an old request")
    }

    /// The same request with another text where its clock is; `None` where it has none.
    pub fn with_time(&self, text: &str) -> Option<Request> {
        let (good, signed) = (&self.good, self.signature()?);
        Some(match signed.timestamp?.place {
            ClockPlace::Header(name) => good.with_header(name, text.as_bytes()),
            ClockPlace::Pair(key) => {
                let name = signed.place.name();
                let value = String::from_utf8_lossy(good.header(name)).into_owned();
                let start = value.find(&format!("{key}="))? + key.len() + 1;
                let end = value.get(start..)?.find([',', ';']).map_or(value.len(), |end| start + end);
                good.with_header(name, [value.get(..start)?, text, value.get(end..)?].concat().as_bytes())
            }
            ClockPlace::Field(path) => {
                let mut body: Value = serde_json::from_slice(&good.body).ok()?;
                *body.pointer_mut(&format!("/{}", path.replace('.', "/")))? = text.into();
                Request { body: body.to_string().into_bytes(), ..good.clone() }
            }
        })
    }
}

/// Whether a scheme signs the fields of a form.
fn scheme_reads_form(scheme: &Scheme) -> bool {
    matches!(scheme, Scheme::Signed(signed) if signed.content.contains(&Part::Form))
}

/// The part of a proved request that only the holder of the secret could write.
fn proof(scheme: &Scheme, secret: &Secret, good: &Request) -> String {
    let header = |name: &str| String::from_utf8_lossy(good.header(name)).into_owned();
    match scheme {
        Scheme::Signed(signed) => match (signed.place, signed.shape) {
            (Carrier::Field(path), _) => {
                let path = signed.each.map_or_else(|| path.to_owned(), |each| format!("{each}.{path}"));
                text_at(&document(signed, &good.body), &path.replace('*', "0")).unwrap_or_default().into_owned()
            }
            (Carrier::Headers(_) | Carrier::Numbered(_), Shape::Pairs { signature, .. }) => {
                let value = header(signed.place.name());
                value.rsplit_once(&format!("{signature}=")).map_or(value.clone(), |(_, proof)| proof.to_owned())
            }
            (Carrier::Headers(_) | Carrier::Numbered(_), Shape::Whole(prefix) | Shape::List { prefix, .. }) => {
                header(signed.place.name()).trim_start_matches(prefix).to_owned()
            }
        },
        Scheme::Jwt(jwt) => header(jwt.header).trim_start_matches(jwt.prefix).to_owned(),
        Scheme::AppStore(_) => {
            let body: Value = serde_json::from_slice(&good.body).unwrap_or_default();
            body[AppStore::FIELD].as_str().unwrap_or_default().to_owned()
        }
        Scheme::Token(TokenPlace::Basic) => header("authorization").trim_start_matches("Basic ").to_owned(),
        Scheme::Token(_) => secret.expose().to_owned(),
        Scheme::None => String::new(),
    }
}

/// The JSON that a signature stands in: the body, or a field of a form.
fn document(signed: &Signed, body: &[u8]) -> json::Value {
    match signed.document {
        None => json::read(body).unwrap_or_default(),
        Some(name) => {
            let field = form_urlencoded::parse(body).find(|(found, _)| found == name);
            field.and_then(|(_, text)| json::read(text.as_bytes()).ok()).unwrap_or_default()
        }
    }
}

/// Whether a text stands somewhere in a request, in either case and in any of the spellings of forms and JSON.
fn holds(request: &Request, text: &str) -> bool {
    let wanted = text.to_ascii_lowercase();
    let within = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_ascii_lowercase().contains(&wanted);
    let body = || serde_json::from_slice::<Value>(&request.body).unwrap_or_default();
    request.headers.iter().any(|(_, value)| within(value))
        || within(&request.body)
        || fields(request.target.as_bytes()).iter().any(|(_, value)| within(value.as_bytes()))
        || within(plain(&request.target).as_bytes())
        || within(body().to_string().as_bytes())
}

/// The fields of a form, each once.
fn fields(form: &[u8]) -> BTreeSet<(String, String)> {
    form_urlencoded::parse(form).into_owned().collect()
}

/// A form's fields as they are signed: these schemes do not say where a name ends and its value begins.
fn run_together(form: &[u8]) -> String {
    fields(form).into_iter().flat_map(|(name, value)| [name, value]).collect()
}

/// A target with every escape decoded.
fn plain(target: &str) -> String {
    let once = format!("x={}", target.trim_end_matches('?').replace('+', "%2B").replace('&', "%26"));
    form_urlencoded::parse(once.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

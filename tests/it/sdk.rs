//! Every sender against somebody else: published signatures, the sender's own library, or a verifier written from its
//! documentation alone. `tests/senders/cover.toml` says who vouches for which.

mod cover;
mod judges;
mod request;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;

use bellhop_core::config::{ConfigSpec, SecretsAs, check_config};
use bellhop_senders::sender::{AlternativeWhen, Scheme, Sender, Signed, Verification};
use bellhop_tests::build::workspace;
use bellhop_tests::sign;
use serde::Deserialize as _;
use serde_json::{Value, json};

use cover::{Cover, Evidence, Subject};
use judges::{Draft, Suit};
use request::Request;

/// How many requests of each sender must be refused by all.
const LEAST_REFUSED: usize = 5;

/// Requests of one sender, all signed by the same one.
struct Signatures {
    from: &'static str,
    /// As they should be: the sender's sample, and one with many kinds of letters.
    good: [Request; 2],
    old: Request,
    ahead: Request,
    /// By another secret, or another key.
    other: Request,
}

/// A request, and what is wrong with it; nothing where it is a good one.
struct Case<'a> {
    subject: Subject<'a>,
    from: &'static str,
    wrong: String,
    request: Request,
}

#[test]
fn everybody_else_judges_as_we_do() {
    let cover = Cover::read();
    let now = u64::try_from(sign::now()).expect("it is after 1970");
    let cases = cases(&cover, now);
    let suits: Vec<_> = cases.iter().flat_map(|case| suits(case, now)).collect();
    let mut judgements = judges::judge(&suits).into_iter();
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let mut differences = BTreeSet::new();
    let mut faults = Vec::new();
    for case in &cases {
        let Case { subject, from, wrong, request } = case;
        let good = wrong.is_empty();
        let what = format!("{} with {}, signed by {from}", subject.name, if good { "nothing wrong" } else { wrong });
        let ours = request.judged(subject.sender, now);
        let mut agreed = ours.is_ok() == good;
        if !agreed {
            faults.push(format!("{what}: we say {ours:?}"));
        }
        for by in subject.judges() {
            let theirs = judgements.next().expect("each request is judged");
            if theirs.is_none() == good {
                continue;
            }
            agreed = false;
            match cover.difference(subject.name, wrong, by) {
                Some(known) if !good => drop(differences.insert(known)),
                _ => faults.push(format!("{what}: {by} says {theirs:?}")),
            }
        }
        let count = counts.entry(subject.name).or_default();
        count.0 += usize::from(agreed && good);
        count.1 += usize::from(agreed && !good);
    }
    for (name, (accepted, refused)) in counts {
        if accepted < 1 || refused < LEAST_REFUSED {
            faults.push(format!("{name}: {accepted} accepted and {refused} refused by all are too few"));
        }
    }
    let unseen = cover.differs.iter().map(|one| one.why.as_str()).filter(|why| !differences.contains(why));
    faults.extend(unseen.map(|why| format!("no request shows the difference: {why}")));
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

#[test]
fn every_sender_has_somebody_who_vouches_for_it() {
    let cover = Cover::read();
    let schemes = |sender: &'static Sender| {
        // A secret with no scheme is for a handshake and proves nothing.
        let second = sender.alternative.filter(|other| other.scheme != Scheme::None);
        let second = second.map(|other| match other.when {
            AlternativeWhen::SecretBegins(prefix) => format!("{} {prefix}", sender.name),
            AlternativeWhen::FirstIsAbsent => format!("{} {}", sender.name, cover::SECOND),
        });
        std::iter::once(sender.name.to_owned()).chain(second)
    };
    let wanted: BTreeSet<_> = Sender::all().iter().flat_map(schemes).collect();
    let known: BTreeSet<_> = cover.senders.keys().cloned().collect();
    assert_eq!(wanted, known, "the senders, and those in cover.toml");
    for Subject { name, sender, evidence, .. } in cover.subjects() {
        let has = |kind: fn(&Evidence) -> bool| evidence.iter().any(kind);
        assert!(!evidence.is_empty(), "{name}");
        assert_eq!(has(|one| *one == Evidence::Door), sender.is_unsigned(), "{name}");
        let (published, by_library) = (has(Evidence::is_published), has(Evidence::is_library));
        match sender.facts().verified {
            Verification::Vectors => assert!(published || sender.name != name, "{name} has no vectors"),
            Verification::Sdk => assert!(by_library, "{name} has no library"),
            Verification::Documentation | Verification::Unverified => assert!(!published, "{name} has vectors"),
        }
    }
}

/// Whether a package is there for a sender's sake: GitHub's payloads, another evaluator of CEL and clients of where
/// events go are not.
fn is_of_a_sender(package: &str) -> bool {
    let others = ["@octokit/", "@bufbuild/", "@slack/", "@discordjs/", "discord-api-types@", "nodemailer@"];
    !others.iter().any(|other| package.starts_with(other))
}

#[test]
fn every_library_is_one_of_the_test_tools() {
    let read = |path: &str| std::fs::read_to_string(workspace().join(path)).expect("the list of tools is there");
    let npm: Value = serde_json::from_str(&read("tests/package.json")).expect("it is JSON");
    let of_npm = npm["dependencies"].as_object().expect("it has dependencies").iter();
    let pinned = |(name, version): (&String, &Value)| format!("{name}@{}", version.as_str().unwrap_or_default());
    let of_npm: BTreeSet<_> = of_npm.map(pinned).filter(|one| is_of_a_sender(one)).collect();
    let of_python: BTreeSet<_> = read("infra/requirements.txt").lines().map(|line| line.replace("==", "@")).collect();
    let cover = Cover::read();
    let used: BTreeSet<_> = cover.senders.values().flatten().filter_map(Evidence::library).collect();
    let missing: Vec<_> = used.iter().filter(|one| !of_npm.contains(*one) && !of_python.contains(*one)).collect();
    assert!(missing.is_empty(), "not installed: {missing:?}");
    let unused: Vec<_> = of_npm.difference(&used).collect();
    assert!(unused.is_empty(), "installed for nothing: {unused:?}");
}

#[test]
fn published_signatures_are_enough_where_nobody_else_vouches() {
    let default = workspace().join("../shared/vectors/vectors.json.gz");
    let place = std::env::var_os("BELLHOP_VECTORS").map_or(default, Into::into);
    let Ok(file) = std::fs::File::open(&place) else {
        return println!("skipped: no vectors at {}; set BELLHOP_VECTORS", place.display());
    };
    let mut json = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut json).expect("the vectors are packed");
    let vectors: Vec<Value> = serde_json::from_str(&json).expect("the vectors are a list");
    for Subject { name, evidence, .. } in Cover::read().subjects() {
        let [Evidence::Vectors(published)] = evidence else { continue };
        let count = |expected: &str| {
            vectors.iter().filter(|one| one["provider"] == published.as_str() && one["expect"] == expected).count()
        };
        assert!(count("valid") >= 1 && count("invalid") >= LEAST_REFUSED, "{name}");
    }
}

#[test]
fn a_hook_of_an_unsigned_sender_has_a_door_that_nobody_guesses() {
    let cover = Cover::read();
    let doors: Vec<_> = cover.subjects().into_iter().filter(|one| one.evidence.contains(&Evidence::Door)).collect();
    assert!(!doors.is_empty());
    for Subject { name, .. } in doors {
        let takes = |path: &str, ips: &[&str]| {
            let action = json!({"kind": "telegram", "chat": "1"});
            let hook = json!({"name": "h", "sender": name, "path": path, "allowed_ips": ips, "actions": [action]});
            let spec = ConfigSpec::deserialize(json!({"hooks": [hook]})).expect("the configuration is well formed");
            check_config(&spec, SecretsAs::References).is_ok()
        };
        assert!(takes("k3vQ9xT7mB2zL5wR8yN4pD", &[]) && takes("octo", &["192.0.2.0/24"]), "{name}");
        for guessable in [
            "",
            name,
            "octo/hello",
            "k3vQ9xT7mB2zL5wR8yN4p",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "k3vQ9xT7mB2zL5wR8yN4pD/x",
        ] {
            assert!(!takes(guessable, &[]), "{name}: {guessable}");
        }
    }
}

/// All requests to judge.
fn cases(cover: &Cover, now: u64) -> Vec<Case<'_>> {
    let judged = |subject: &Subject<'_>| subject.judges().next().is_some();
    let subjects: Vec<_> = cover.subjects().into_iter().filter(judged).collect();
    let documented: Vec<_> = subjects.iter().filter(|subject| subject.has_reference()).collect();
    let unsigned: Vec<_> = documented.iter().flat_map(|subject| drafts(**subject, now)).collect();
    let mut signed = judges::sign(&unsigned).into_iter();
    let mut all = Vec::new();
    for subject in subjects {
        let theirs = subject.has_reference().then(|| Signatures::take("them", &mut signed)).flatten();
        let drafts = drafts(subject, now).into_iter();
        // Our signer makes the proof of a sender's first scheme where a secret is for both.
        let sign = |draft: Draft| draft.request.signed(subject.sender, draft.at).filter(|_| !subject.is_second());
        let ours = drafts.map(sign).collect::<Option<Vec<_>>>();
        let ours = ours.and_then(|signed| Signatures::take("us", &mut signed.into_iter()));
        assert!(ours.is_some() || theirs.is_some(), "nobody can sign for {}", subject.name);
        all.extend(ours.into_iter().chain(theirs).flat_map(|signatures| signatures.cases(subject)));
    }
    all
}

/// What is to be signed for a sender.
fn drafts(subject: Subject<'_>, now: u64) -> [Draft; 5] {
    let sample = subject.sender.sample().body.as_bytes().to_vec();
    let draft = |body: &[u8], at: u64, spare: bool| Draft {
        sender: subject.name.to_owned(),
        at,
        spare,
        request: Request::unsigned(subject.sender, body, &secret(subject, if spare { 8 } else { 7 })),
    };
    const DAY: u64 = 86_400;
    [
        draft(&sample, now, false),
        draft(&colourful(&sample), now, false),
        draft(&sample, now - DAY, false),
        draft(&sample, now + DAY, false),
        draft(&sample, now, true),
    ]
}

/// A secret as the sender has them; nothing where it signs with a key of its own.
fn secret(subject: Subject<'_>, random: u8) -> String {
    let made = subject.sender.new_secret(&[random; 32]).map(|secret| secret.expose().to_owned());
    match (subject.prefix, made) {
        ("whsec_", _) => Sender::named("standard-webhooks")
            .and_then(|sender| sender.new_secret(&[random; 32]))
            .map(|secret| secret.expose().to_owned())
            .unwrap_or_default(),
        ("" | cover::SECOND, made) => made.unwrap_or_default(),
        _ => String::new(),
    }
}

/// The same body with white space, and letters that are written in one, two, three and four bytes.
fn colourful(body: &[u8]) -> Vec<u8> {
    let Ok(mut body) = serde_json::from_slice::<Value>(body) else {
        return [body, "&note=gr%C3%BC%C3%9F+<b>die</b> 世界 🛎".as_bytes()].concat();
    };
    if let Value::Object(fields) = &mut body {
        fields.insert("note".to_owned(), json!("grüß <b>die</b> 世界 🛎 \"\\\n\u{1b}&amp;"));
    }
    format!("{body:#}").into_bytes()
}

impl Signatures {
    /// Takes what came of the drafts of one sender.
    fn take(from: &'static str, signed: &mut impl Iterator<Item = Request>) -> Option<Self> {
        let mut next = || signed.next();
        Some(Self { from, good: [next()?, next()?], old: next()?, ahead: next()?, other: next()? })
    }

    /// The good requests, and the bad ones that are made of them.
    fn cases(self, subject: Subject<'_>) -> Vec<Case<'_>> {
        let scheme = subject.scheme();
        let has_clock = match scheme {
            Scheme::Signed(Signed { timestamp, .. }) => timestamp.is_some(),
            Scheme::Jwt(jwt) => jwt.max_age_seconds.is_some(),
            Scheme::Token(_) | Scheme::AppStore(_) | Scheme::None => false,
        };
        let mut requests = self.good[0].spoiled(scheme, &self.other);
        if has_clock {
            requests.extend([("a day old".to_owned(), self.old), ("a day ahead".to_owned(), self.ahead)]);
        }
        requests.extend(self.good.map(|request| (String::new(), request)));
        let case = |(wrong, request)| Case { subject, from: self.from, wrong, request };
        requests.into_iter().map(case).collect()
    }
}

/// What each judge of a request is asked.
fn suits<'a>(case: &'a Case<'_>, now: u64) -> impl Iterator<Item = Suit<'a>> {
    let Case { subject, request, .. } = case;
    subject.judges().map(move |by| Suit { sender: subject.name, by, at: now, request })
}

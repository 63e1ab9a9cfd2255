use bellhop_core::action::Lane;
use bellhop_core::action::email::Message;
use bellhop_core::action::{Key, Kind};
use bellhop_core::config::Settings;
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::secret::{Secret, SecretRef};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;

use super::*;
use crate::cache::{Cache, Changes};
use crate::ports::{
    Clock, HookWriter as _, MailAnswer, Outbound, OutboundAnswer, OutboundError, OutboundRequest, Vault as _, Written,
};
use crate::testing::memory::{Handed, Memory, SetClock};

const NOW: Timestamp = Timestamp::from_seconds(1_795_244_400);
const URL: &str = "smtps://me:canary-7f3a@mail.example.com";

/// Nobody calls over HTTP here.
struct Nowhere;

#[async_trait]
impl Outbound for Nowhere {
    async fn send(&self, _: OutboundRequest<'_>) -> Result<OutboundAnswer, OutboundError> {
        unreachable!("a mail is no request")
    }
}

/// A sink that hands mails to memory.
struct Stage {
    memory: Arc<Memory>,
    sink: Email,
}

impl Stage {
    async fn new(from: Option<&str>, smtp: Option<&str>) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(SetClock::new(NOW));
        let memory = Arc::new(Memory::new(Arc::clone(&clock)));
        if let Some(url) = smtp {
            memory.keep("email-smtp", &Secret::new(url).unwrap()).await.unwrap();
        }
        let settings = Settings {
            email_from: from.map(str::to_owned),
            email_smtp: smtp.map(|_| SecretRef::Stored("email-smtp".to_owned())),
            ..Settings::default()
        };
        memory.write_hooks(&[], &[], Some(&settings)).await.unwrap();
        let settings = SettingsCache::new(memory.clone(), Cache::new(Arc::clone(&clock), Changes::default()));
        let calls = Calls { outbound: Arc::new(Nowhere), secrets: memory.clone(), clock };
        let sink = Email { mailer: memory.clone(), calls, settings: Arc::new(settings) };
        Self { memory, sink }
    }

    async fn well() -> Self {
        Self::new(Some("Bellhop <desk@bellhop.example>"), Some(URL)).await
    }

    /// What comes of an attempt.
    async fn attempt(&self, work: &Work) -> Attempted {
        let batch = Batch::new(std::slice::from_ref(work), vec![Written::Nothing], NOW);
        self.sink.attempt(&batch).await.unwrap()
    }

    /// The mail that was handed over last.
    fn last(&self) -> Handed {
        self.memory.mails().pop().expect("a mail was handed over")
    }
}

/// Work of the so-many-th event.
fn work(number: u8, change: impl FnOnce(&mut Message)) -> Work {
    let event = EventId::new(NOW, &[number; 10]);
    let id = TaskId::new(event, &HookId::from_text("hk_1"), 0);
    let to = vec!["me@example.com".to_owned(), "you@example.com".to_owned()];
    let mut message =
        Message { to, subject: "Grüße".to_owned(), text: "<b>down</b> &amp; out".to_owned(), key: None };
    change(&mut message);
    let task = Task::queued(id, Kind::Email, &message.to.join(", "), NOW, NOW);
    Work { task, payload: Payload::Email(message), lane: Lane::Parallel, fallback: None, trace: None }
}

/// The value of a header of a mail; empty where it is absent.
fn header(raw: &str, name: &str) -> String {
    let (head, _) = raw.split_once("\r\n\r\n").expect("a mail has a head");
    let unfolded = head.replace("\r\n ", " ");
    let mut found = unfolded.lines().filter_map(|line| line.strip_prefix(&format!("{name}: ")));
    let value = found.next().unwrap_or_default().to_owned();
    assert_eq!(found.next(), None, "{name} is there once");
    value
}

#[tokio::test]
async fn a_mail_has_two_parts_and_says_what_it_is() {
    let stage = Stage::well().await;
    let work = work(1, |_| ());
    let attempted = stage.attempt(&work).await;
    assert_eq!((attempted.result, attempted.status, attempted.answer.as_str()), (Ok(()), Some(250), "2.0.0 Ok"));
    let mail = stage.last();
    assert_eq!(mail.relay.as_deref(), Some("mail.example.com:465"));
    assert_eq!((mail.from.as_str(), mail.to.len()), ("desk@bellhop.example", 2));
    for (name, value) in [
        ("From", "Bellhop <desk@bellhop.example>"),
        ("To", "me@example.com, you@example.com"),
        ("Subject", "=?utf-8?b?R3LDvMOfZQ==?="),
        ("Auto-Submitted", "auto-generated"),
        ("MIME-Version", "1.0"),
        ("X-Bellhop-Event", &work.task.event.to_string()),
        ("Message-ID", &format!("<{}@bellhop.example>", work.task.id)),
        ("References", ""),
        ("In-Reply-To", ""),
    ] {
        assert_eq!(header(&mail.raw, name), value, "{name}");
    }
    assert!(header(&mail.raw, "Date").ends_with(" +0000"));
    assert!(header(&mail.raw, "Content-Type").starts_with("multipart/alternative"));
    assert!(mail.raw.contains("\r\ndown & out\r\n") && mail.raw.contains("<b>down</b> &amp; out"), "{}", mail.raw);
    stage.attempt(&work).await;
    assert_eq!(stage.last(), mail, "the same mail in every attempt");
    let again = Work { task: Task { retries: 1, ..work.task.clone() }, ..work };
    stage.attempt(&again).await;
    assert_ne!(
        header(&stage.last().raw, "Message-ID"),
        header(&mail.raw, "Message-ID"),
        "mail clients hide what they have"
    );
}

#[tokio::test]
async fn the_mails_of_a_key_are_one_thread_and_no_others_join_it() {
    let stage = Stage::well().await;
    let mut threads = Vec::new();
    for (number, key, to) in [(1, "a", "me"), (2, "a", "me"), (3, "b", "me"), (4, "a", "you")] {
        let key = Key { digest: key.to_owned(), seconds: 60 };
        let change = |message: &mut Message| (message.key, message.to) = (Some(key), vec![format!("{to}@example.com")]);
        stage.attempt(&work(number, change)).await;
        let raw = stage.last().raw;
        assert_eq!(header(&raw, "References"), header(&raw, "In-Reply-To"));
        threads.push(header(&raw, "References"));
    }
    assert!(
        threads.iter().all(|thread| thread.starts_with('<') && thread.ends_with("@bellhop.example>")),
        "{threads:?}"
    );
    assert_eq!(threads[0], threads[1]);
    assert!(threads[2] != threads[0] && threads[3] != threads[0] && threads[2] != threads[3], "{threads:?}");
}

#[tokio::test]
async fn nothing_that_a_payload_says_becomes_a_header() {
    let stage = Stage::well().await;
    let work = work(1, |message| {
        message.subject = "a\r\nBcc: them@example.com\r\n\r\nbody =?utf-8?Q?=0D=0ABcc:_them@example.com?=".to_owned();
        message.text = "\r\n.\r\nMAIL FROM:<x@y>\r\n\u{0}a\rb\r\n--boundary--".to_owned();
    });
    let attempted = stage.attempt(&work).await;
    assert_eq!(attempted.result, Ok(()));
    let raw = stage.last().raw;
    assert_eq!(header(&raw, "Bcc"), "");
    assert!(!raw.contains("=?utf-8?Q?"), "{raw}");
    assert!(!raw.contains("\r\nBcc:") && !raw.contains('\u{0}'), "{raw}");
    assert!(!raw.replace("\r\n", "").contains(['\r', '\n']), "no line break is half of one: {raw:?}");
    assert_eq!(raw.matches("Content-Type: text/").count(), 2);
}

#[tokio::test]
async fn every_answer_has_one_meaning() {
    let stage = Stage::well().await;
    for (kind, code, expected) in [
        (MailFailure::Busy, Some(429), "later"),
        (MailFailure::Passing, Some(451), "later, against it"),
        (MailFailure::Passing, None, "later, against it"),
        (MailFailure::Refused, Some(552), "never"),
        (MailFailure::NoMailbox, Some(550), "never, against it"),
        (MailFailure::Setup, Some(535), "never, against it"),
    ] {
        stage.memory.answer_mail(Box::new(move |_| Err(MailError { kind, code, text: "why".to_owned() })));
        let attempted = stage.attempt(&work(1, |_| ())).await;
        let failure = attempted.result.unwrap_err();
        let when = if failure.is_final() { "never" } else { "later" };
        let against = if failure.speaks_against() == Some(true) { ", against it" } else { "" };
        assert_eq!((format!("{when}{against}").as_str(), attempted.status), (expected, code), "{kind:?}");
        assert_eq!((failure.to_string().as_str(), attempted.answer.as_str()), ("why", code.map_or("", |_| "why")));
    }
    stage.memory.answer_mail(Box::new(|_| Ok(MailAnswer { code: 250, text: "é".repeat(2_000) })));
    let answer = stage.attempt(&work(1, |_| ())).await.answer;
    assert!((1..=MOST_ANSWER_BYTES).contains(&answer.len()), "{}", answer.len());
}

#[tokio::test]
async fn what_is_not_set_up_is_said_with_its_fix_and_without_its_secret() {
    for (from, smtp, fix) in [
        (None, Some(URL), "set `from` in `[email]`"),
        (Some("Bellhop"), Some(URL), "set `from` in `[email]`"),
        (Some("a@example.com"), None, "set `smtp` in `[email]`"),
        (Some("a@example.com"), Some("https://me:canary-7f3a@mail.example.com"), "set `smtp` in `[email]`"),
    ] {
        let stage = Stage::new(from, smtp).await;
        let attempted = stage.attempt(&work(1, |_| ())).await;
        let Err(Failure::Closed(why)) = &attempted.result else { panic!("{attempted:?}") };
        assert!(why.contains(fix) && !why.contains("canary"), "{why}");
        assert!(stage.memory.mails().is_empty());
    }
}

//! Services that answer as a script says: how each port takes what AWS says in bad moments.

use std::collections::VecDeque;
use std::io::{BufReader, Write as _};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{
    Claim, EventLog as _, Inbox as _, MailAnswer, MailError, MailFailure, Mailer as _, OutboundMail, PortResult,
    Postponed, Receipts as _, SendWork as _, TaskLog as _,
};
use bellhop_core::action::Kind;
use bellhop_core::id::{HookId, Owner, TaskId};
use bellhop_core::task::Task;
use bellhop_core::time::Timestamp;
use bellhop_core::work::Work;
use serde_json::{Value, json};

use super::far_end::{far_end, read};
use super::resources::{BUCKET, TABLE};
use super::{event, event_id, message};
use crate::Aws;
use crate::batch::RowWrite;

/// What happens to a request.
#[derive(Clone)]
pub(super) enum Step {
    /// It is answered.
    Answer(u16, Value),
    /// The same with this header.
    Told(u16, &'static str, Value),
    /// It is answered with what is no JSON.
    Garbage,
    /// The connection is closed without a word.
    Closed,
    /// Nothing comes for so long.
    Silence(Duration),
}

/// A service, and what it was asked.
pub(super) struct Service {
    script: Mutex<VecDeque<Step>>,
    pub(super) asked: Mutex<Vec<(String, Value)>>,
}

impl Service {
    /// Starts one; what comes after the script is answered well.
    pub(super) fn start(script: impl IntoIterator<Item = Step>) -> (Arc<Self>, Aws) {
        let script = Mutex::new(script.into_iter().collect());
        let service = Arc::new(Self { script, asked: Mutex::default() });
        let served = Arc::clone(&service);
        let aws = far_end(move |stream| served.serve(stream));
        (service, aws)
    }

    /// Answers the requests of a connection, one after the other.
    fn serve(&self, stream: TcpStream) {
        let mut reader = BufReader::new(stream);
        while let Some((target, body)) = read(&mut reader) {
            self.asked.lock().unwrap().push((target, body));
            let step = self.script.lock().unwrap().pop_front().unwrap_or(Step::Answer(200, json!({"Parameters": []})));
            let (status, header, text) = match step {
                Step::Answer(status, body) => (status, "", body.to_string()),
                Step::Told(status, header, body) => (status, header, body.to_string()),
                Step::Garbage => (200, "", "{\"Item\":{\"a\":{\"S\":7,\"canary\"".to_owned()),
                Step::Closed => return,
                Step::Silence(time) => {
                    std::thread::sleep(time);
                    return;
                }
            };
            let head = format!("HTTP/1.1 {status} x\r\ncontent-length: {}\r\n{header}\r\n", text.len());
            if reader.get_mut().write_all((head + &text).as_bytes()).is_err() {
                return;
            }
        }
    }

    /// How often each operation was asked for, in the order of the first.
    fn operations(&self) -> Vec<(String, usize)> {
        let mut operations: Vec<(String, usize)> = Vec::new();
        for (target, _) in &*self.asked.lock().unwrap() {
            match operations.iter_mut().find(|(known, _)| known == target) {
                Some((_, count)) => *count += 1,
                None => operations.push((target.clone(), 1)),
            }
        }
        operations
    }

    /// How often anything was asked.
    pub(super) fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

/// A refusal with a code.
pub(super) fn refusal(code: &str) -> Step {
    Step::Answer(400, json!({"__type": format!("com.amazonaws.x#{code}"), "message": "m"}))
}

/// Every call that stands in the way of an event or of its work, by the operation that it asks for: none may take a bad
/// moment in another way than the rest.
async fn call(aws: &Aws, operation: &str) -> PortResult<()> {
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    let hook = Owner::from_text("hk");
    let now = Timestamp::from_ms(1_795_244_400_000);
    let url = || "http://localhost/q.fifo".to_owned();
    match operation {
        "GetItem" => table.written(&[TaskId::new(event_id(u64::MAX >> 20), &hook, 0)]).await.map(|_| ()),
        "Query" => table.rows("pk", None).await.map(|_| ()),
        "PutItem" => {
            aws.events(table, aws.bucket(BUCKET)).claim_delivery(&hook, "d", event_id(1), now).await.map(|_| ())
        }
        "UpdateItem" => bellhop_app::ports::EventCounts::add(&table, &hook, 1, now).await,
        "DeleteItem" => table.delete_row(&crate::key::Key::settings()).await.map(|_| ()),
        "BatchWriteItem" => table.write_all(&[RowWrite::Delete { key: crate::key::Key::settings().row() }]).await,
        "SendMessage" => aws.inbox(url(), aws.bucket(BUCKET)).put(&message(&event(now, Vec::new()))).await,
        "SendMessageBatch" => {
            aws.work_queues(vec![(bellhop_core::action::QueueName::Telegram, url())]).send(&[work()]).await
        }
        "DeleteMessageBatch" => aws.receipts(url()).delete(&["r1", "r2"]).await,
        "ChangeMessageVisibilityBatch" => aws.receipts(url()).postpone(&[Postponed { receipt: "r", seconds: 1 }]).await,
        "GetParameters" => {
            let secret = bellhop_core::secret::SecretRef::Ssm("/team/a".to_owned());
            bellhop_app::ports::Secrets::resolve(&aws.secrets("/p".to_owned()), &[secret]).await.map(|_| ())
        }
        other => panic!("{other}"),
    }
}

const OPERATIONS: [&str; 11] = [
    "GetItem",
    "Query",
    "PutItem",
    "UpdateItem",
    "DeleteItem",
    "BatchWriteItem",
    "SendMessage",
    "SendMessageBatch",
    "DeleteMessageBatch",
    "ChangeMessageVisibilityBatch",
    "GetParameters",
];

/// Work for a chat.
fn work() -> Work {
    let now = Timestamp::from_ms(1);
    let task = TaskId::new(event_id(1), &HookId::from_text("hk"), 0);
    Work::telegram(Task::queued(task, Kind::Telegram, "7", now, now), vec!["hi".to_owned()])
}

#[tokio::test]
async fn what_is_of_the_moment_is_tried_again_whatever_is_asked() {
    let moments = [
        refusal("ThrottlingException"),
        refusal("ProvisionedThroughputExceededException"),
        refusal("RequestThrottled"),
        Step::Answer(500, json!({"__type": "InternalServerError"})),
        Step::Told(503, "x-amz-retry-after: 20\r\n", json!({})),
        Step::Closed,
    ];
    for operation in OPERATIONS {
        for (place, moment) in moments.iter().enumerate() {
            let (service, aws) = Service::start([moment.clone(), moment.clone()]);
            let done = call(&aws, operation).await;
            assert!(done.is_ok(), "{operation} {place}: {done:?}");
            assert_eq!(service.operations(), [(operation.to_owned(), 3)], "{place}");
            let asked = service.asked.lock().unwrap();
            assert!(asked.iter().all(|(_, body)| body == &asked[0].1), "the same is asked each time");
        }
    }
}

#[tokio::test]
async fn what_does_not_pass_is_given_up_and_says_why() {
    for operation in OPERATIONS {
        for code in ["ThrottlingException", "RequestThrottled"] {
            let (service, aws) = Service::start(vec![refusal(code); 9]);
            let error = call(&aws, operation).await.unwrap_err().to_string();
            assert!(error.contains(code), "{operation}: {error}");
            assert_eq!(service.count(), 3, "{operation}");
        }
        let (service, aws) = Service::start(vec![Step::Closed; 9]);
        assert!(call(&aws, operation).await.is_err(), "{operation}");
        assert_eq!(service.count(), 3, "{operation}");
    }
}

#[tokio::test]
async fn what_will_never_be_is_asked_once_and_nothing_secret_is_said() {
    // `GetParameters` asks once more by each name, so it stands in `strict`.
    for operation in &OPERATIONS[..10] {
        for code in
            ["ExpiredTokenException", "InvalidSignatureException", "AccessDeniedException", "ValidationException"]
        {
            let (service, aws) = Service::start(vec![refusal(code); 9]);
            let error = call(&aws, operation).await.unwrap_err().to_string();
            assert!(error.contains(code) && !error.contains("canary"), "{operation}: {error}");
            assert_eq!(service.count(), 1, "{operation} {code}");
        }
    }
    for operation in ["GetItem", "Query", "BatchWriteItem", "SendMessageBatch", "GetParameters"] {
        let (service, aws) = Service::start([Step::Garbage]);
        let error = call(&aws, operation).await.unwrap_err().to_string();
        assert!(error.contains("unreadable") && !error.contains("canary"), "{operation}: {error}");
        assert_eq!(service.count(), 1, "{operation}");
    }
}

#[tokio::test]
async fn one_that_is_silent_is_asked_again_and_in_time() {
    for operation in ["PutItem", "SendMessage"] {
        let (service, aws) = Service::start([Step::Silence(Duration::from_secs(4))]);
        let begin = Instant::now();
        call(&aws, operation).await.unwrap();
        let took = begin.elapsed().as_millis();
        assert!((1_200..2_500).contains(&took), "{operation}: {took} ms");
        assert_eq!(service.count(), 2, "{operation}");
    }
}

#[tokio::test]
async fn one_that_stays_down_is_asked_less_and_less_often() {
    let (service, aws) = Service::start(vec![Step::Answer(500, json!({})); 400]);
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    let mut before = 0;
    let mut attempts = Vec::new();
    for _ in 0..60 {
        assert!(table.rows("pk", None).await.is_err());
        attempts.push(service.count() - before);
        before = service.count();
    }
    assert_eq!((attempts[0], attempts[49], attempts[59]), (3, 3, 1), "{attempts:?}");
    *service.script.lock().unwrap() = VecDeque::new();
    assert!(table.rows("pk", None).await.is_ok());
}

#[tokio::test]
async fn a_batch_that_is_taken_in_part_is_an_error_and_its_rest_is_sent_again_whole() {
    let failed = json!([{"Id": "0", "Code": "InternalError", "Message": "later", "SenderFault": false}]);
    for operation in ["SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"] {
        let (service, aws) = Service::start([Step::Answer(200, json!({"Successful": [], "Failed": failed}))]);
        let error = call(&aws, operation).await.unwrap_err().to_string();
        assert!(error.contains("InternalError: later"), "{operation}: {error}");
        call(&aws, operation).await.unwrap();
        assert_eq!(service.count(), 2, "{operation}");
        let asked = service.asked.lock().unwrap();
        assert_eq!(asked[0], asked[1], "the ids are the same, so that the queue knows what it has");
    }
}

#[tokio::test]
async fn a_condition_that_does_not_hold_says_what_stands_there() {
    let (first, hook) = (event_id(1), Owner::from_text("hk"));
    let row = json!({"event": {"S": first.to_string()}, "other": {"BOOL": true}});
    let body = json!({"__type": "x#ConditionalCheckFailedException", "Message": "no", "message": "no", "Item": row});
    let (service, aws) = Service::start([Step::Answer(400, body.clone()), Step::Answer(400, body)]);
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    assert!(!table.put_if(crate::key::Key::settings().row(), "attribute_not_exists(pk)").await.unwrap());
    let events = aws.events(table, aws.bucket(BUCKET));
    let claim = events.claim_delivery(&hook, "d", event_id(2), Timestamp::from_ms(9)).await.unwrap();
    assert_eq!(claim, Claim::Duplicate(first));
    assert_eq!(service.count(), 2);
}

#[tokio::test]
async fn a_list_of_several_pages_is_read_to_its_end() {
    let row = |sk: &str| json!({"pk": {"S": "pk"}, "sk": {"S": sk}});
    let pages = [json!({"Items": [row("1")], "LastEvaluatedKey": row("1")}), json!({"Items": [row("2")]})];
    let (service, aws) = Service::start(pages.map(|page| Step::Answer(200, page)));
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    let rows = table.rows("pk", Some(("0", "9"))).await.unwrap();
    assert_eq!(rows.len(), 2);
    let asked = service.asked.lock().unwrap();
    assert_eq!(asked[0].1.get("ExclusiveStartKey"), None);
    assert_eq!(asked[1].1["ExclusiveStartKey"], row("1"));
}

/// Hands a mail to SES.
async fn mail(aws: &Aws) -> Result<MailAnswer, MailError> {
    let to = ["me@example.com".to_owned(), "you@example.com".to_owned()];
    let mail =
        OutboundMail { relay: None, from: "desk@bellhop.example", to: &to, raw: "Subject: ä\r\n\r\na".as_bytes() };
    aws.ses().send(mail).await
}

#[tokio::test]
async fn a_mail_is_handed_to_ses_as_it_is_and_once() {
    let (service, aws) =
        Service::start([Step::Answer(200, json!({"MessageId": "0107-a"})), Step::Answer(500, json!({}))]);
    assert_eq!(mail(&aws).await, Ok(MailAnswer { code: 200, text: "0107-a".to_owned() }));
    let asked = service.asked.lock().unwrap()[0].1.clone();
    assert_eq!(
        asked,
        json!({
            "FromEmailAddress": "desk@bellhop.example",
            "Destination": {"ToAddresses": ["me@example.com", "you@example.com"]},
            "Content": {"Raw": {"Data": "U3ViamVjdDogw6QNCg0KYQ=="}},
        })
    );
    let error = mail(&aws).await.unwrap_err();
    assert_eq!((error.kind, error.code, service.count()), (MailFailure::Passing, Some(500), 2), "{error}");
}

#[tokio::test]
async fn what_ses_refuses_is_said_with_its_fix_and_without_a_secret() {
    for (code, kind, fix) in [
        ("MessageRejected", MailFailure::Setup, "verify the address"),
        ("AccessDeniedException", MailFailure::Setup, "MailFrom"),
        ("TooManyRequestsException", MailFailure::Busy, "limits"),
        ("BadRequestException", MailFailure::Refused, ""),
    ] {
        let header = format!("x-amzn-errortype: {code}:http://internal.amazon.com/\r\n").leak();
        let (_, aws) = Service::start([Step::Told(400, header, json!({"message": "Email address is not verified."}))]);
        let error = mail(&aws).await.unwrap_err();
        assert_eq!((error.kind, error.code), (kind, Some(400)), "{error}");
        let is_whole = error.text.contains(code) && error.text.contains("is not verified") && error.text.contains(fix);
        assert!(is_whole && !error.text.contains("canary"), "{error}");
    }
    let (_, aws) = Service::start([Step::Closed]);
    assert_eq!(mail(&aws).await.unwrap_err().kind, MailFailure::Passing);
}

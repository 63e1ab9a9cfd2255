//! Due times, the changes made with them, and orders that wait, with services that answer as a script says.

use std::collections::BTreeSet;
use std::sync::Arc;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::{
    Collection, ConfigChange, ConfigWriter as _, DueTime, DueTimes as _, NewDocument, Orders as _,
};
use bellhop_core::id::{JobId, ReplayId};
use bellhop_core::order::Order;
use bellhop_core::time::Timestamp;
use serde_json::{Value, json};

use super::resources::{BUCKET, TABLE, drain, queue};
use super::scripted::{Service, Step, refusal};
use super::stand_in::{Kind, StandIn};
use crate::due::due_row;
use crate::{Aws, SqsInbox, Table};

/// The table there.
fn table(aws: &Aws) -> Table {
    aws.table(TABLE.to_owned(), Arc::new(SystemClock))
}

/// A due time.
fn due_time(ms: u64) -> DueTime {
    let at = Timestamp::from_ms(ms);
    DueTime { at, job: JobId::from_random(&[7; 22]), version: 1, due: at, local: None, count: 0 }
}

/// A good answer.
fn answer(body: Value) -> Step {
    Step::Answer(200, body)
}

/// What is asked to write a due time.
fn put(ms: u64) -> Value {
    json!({"PutRequest": {"Item": due_row(&due_time(ms))}})
}

/// The answer that these were not written.
fn unprocessed(writes: &[Value]) -> Step {
    answer(json!({"UnprocessedItems": {TABLE: writes}}))
}

/// The writes of each call.
fn written(service: &Service) -> Vec<Vec<Value>> {
    let asked = service.asked.lock().unwrap();
    asked.iter().map(|(_, body)| body["RequestItems"][TABLE].as_array().unwrap().clone()).collect()
}

#[tokio::test]
async fn what_the_table_did_not_come_to_is_written_again_and_nothing_is_removed_before() {
    let script = [unprocessed(&[put(2), put(3)]), unprocessed(&[put(3)]), answer(json!({"UnprocessedItems": {}}))];
    let (service, aws) = Service::start(script);
    table(&aws).step(&[due_time(1), due_time(2), due_time(3)], &[due_time(4)]).await.unwrap();
    let item = &put(4)["PutRequest"]["Item"];
    let delete = json!({"DeleteRequest": {"Key": {"pk": item["pk"], "sk": item["sk"]}}});
    assert_eq!(written(&service), [vec![put(1), put(2), put(3)], vec![put(2), put(3)], vec![put(3)], vec![delete]]);
}

#[tokio::test]
async fn what_the_table_never_comes_to_is_an_error_and_nothing_is_removed() {
    let (service, aws) = Service::start(vec![unprocessed(&[put(1)]); 9]);
    let error = table(&aws).step(&[due_time(1), due_time(2)], &[due_time(3)]).await.unwrap_err().to_string();
    assert!(error.contains("too busy for 1 of them"), "{error}");
    let written = written(&service);
    assert!(
        written.len() == 6 && written.concat().iter().all(|write| write.get("PutRequest").is_some()),
        "{written:?}"
    );
}

#[tokio::test]
async fn a_large_step_is_made_of_calls_of_twenty_five_that_hold_each_row_once() {
    let (service, aws) = Service::start([]);
    let (add, remove): (Vec<_>, Vec<_>) = ((0..60).map(due_time).collect(), (60..90).map(due_time).collect());
    table(&aws).step(&[&add[..], &add[..]].concat(), &remove).await.unwrap();
    let written = written(&service);
    let mut sizes: Vec<_> = written.iter().map(Vec::len).collect();
    sizes[..3].sort_unstable();
    sizes[3..].sort_unstable();
    assert_eq!(sizes, [10, 25, 25, 5, 25]);
    assert_eq!(written.concat().iter().map(Value::to_string).collect::<BTreeSet<_>>().len(), 90);
    assert!(written[..3].concat().iter().all(|write| write.get("PutRequest").is_some()), "all puts come first");
}

/// Rows of due times.
fn items(times: std::ops::Range<u64>) -> Value {
    json!(times.map(|ms| due_row(&due_time(ms))).collect::<Vec<_>>())
}

#[tokio::test]
async fn what_is_due_is_read_consistently_a_share_of_each_partition_at_a_time() {
    let last = crate::key::Key::due(&due_time(2)).row();
    let first = || answer(json!({"Items": items(1..3), "LastEvaluatedKey": last}));
    let (service, aws) = Service::start([first()]);
    assert_eq!(table(&aws).due(Timestamp::from_ms(5), 2).await.unwrap(), [due_time(1), due_time(2)]);
    let asked = std::mem::take(&mut *service.asked.lock().unwrap());
    let values = |body: &Value, name: &str| body["ExpressionAttributeValues"][name]["S"].as_str().unwrap().to_owned();
    let partitions: BTreeSet<_> = asked.iter().map(|(_, body)| values(body, ":pk")).collect();
    assert_eq!(partitions, (0..8).map(|shard| format!("due#{shard}")).collect());
    assert_eq!(asked.len(), 8, "no more were wanted");
    for (_, body) in &asked {
        assert_eq!((&body["ConsistentRead"], &body["Limit"]), (&json!(true), &json!(11)));
        assert_eq!(values(body, ":to"), "00000000000000000005~");
    }
    // One partition has more, and it alone is asked again.
    let others = (0..7).map(|_| answer(json!({"Items": []})));
    let rest = answer(json!({"Items": items(3..5)}));
    let (service, aws) = Service::start([first()].into_iter().chain(others).chain([rest]));
    assert_eq!(table(&aws).due(Timestamp::from_ms(5), 9).await.unwrap(), (1..5).map(due_time).collect::<Vec<_>>());
    let asked = service.asked.lock().unwrap();
    assert_eq!((asked.len(), &asked[8].1["ExclusiveStartKey"]), (9, &json!(last)));
}

#[tokio::test]
async fn the_earliest_is_one_row_of_each_partition() {
    let (service, aws) = Service::start([answer(json!({"Items": items(7..8)})), answer(json!({"Items": items(6..7)}))]);
    assert_eq!(table(&aws).earliest().await.unwrap(), Some(Timestamp::from_ms(6)));
    let asked = service.asked.lock().unwrap();
    assert_eq!(asked.len(), 8);
    assert!(asked.iter().all(|(_, body)| body["Limit"] == 1 && body["ConsistentRead"] == true));
}

#[tokio::test]
async fn a_row_that_is_not_whole_is_an_error_that_names_what_it_lacks() {
    let mut row = due_row(&due_time(1));
    let version = row.remove("version").unwrap();
    let (_, aws) = Service::start([answer(json!({"Items": [row]}))]);
    let error = table(&aws).due(Timestamp::from_ms(5), 9).await.unwrap_err().to_string();
    assert!(error.contains("incomplete: version"), "{error}");
    row.extend([("version".to_owned(), version), ("job".to_owned(), crate::table::text("hk_1"))]);
    let (_, aws) = Service::start([answer(json!({"Items": [row]}))]);
    let error = table(&aws).earliest().await.unwrap_err().to_string();
    assert!(error.contains("its job is none"), "{error}");
}

#[tokio::test]
async fn a_swap_is_lost_by_its_own_condition_alone() {
    let swap = NewDocument { collection: Collection::Job, key: "k", text: "1", expires: None };
    for (reasons, lost) in [
        (json!([{"Code": "ConditionalCheckFailed"}, {"Code": "None"}]), true),
        (json!([{"Code": "None"}, {"Code": "ConditionalCheckFailed"}]), false),
        (json!([{"Code": "TransactionConflict"}, {"Code": "None"}]), false),
        (json!([]), false),
    ] {
        let body = json!({
            "__type": "x#TransactionCanceledException", "Message": "no", "CancellationReasons": reasons,
        });
        let (service, aws) = Service::start([Step::Answer(400, body)]);
        let swapped = table(&aws).swap_together(&swap, Some(3), vec![ConfigChange::Due(due_time(1))]).await;
        assert_eq!(swapped.ok(), lost.then_some(false), "{reasons}");
        let asked = service.asked.lock().unwrap();
        let items = asked[0].1["TransactItems"].as_array().unwrap();
        assert_eq!((asked.len(), items.len()), (1, 2));
        assert_eq!(items[0]["Put"]["ExpressionAttributeValues"][":version"]["N"], "3");
    }
}

/// Orders, each with how long it waits.
fn orders(delays: impl IntoIterator<Item = u64>) -> Vec<(Order, u64)> {
    let order = |(n, seconds)| (Order::ReplayV1 { replay: ReplayId::from_text(format!("rp_{n}")) }, seconds);
    delays.into_iter().enumerate().map(order).collect()
}

/// An inbox there.
fn inbox(aws: &Aws) -> SqsInbox {
    aws.inbox("http://localhost/inbox".to_owned(), aws.bucket(BUCKET))
}

/// The entries of each call: their texts, and their delays.
fn sent(service: &Service) -> Vec<Vec<(String, Option<u64>)>> {
    let entry = |entry: &Value| {
        let delay = entry.get("DelaySeconds").map(|seconds| seconds.as_u64().unwrap());
        (entry["MessageBody"].as_str().unwrap().to_owned(), delay)
    };
    let asked = service.asked.lock().unwrap();
    asked.iter().map(|(_, body)| body["Entries"].as_array().unwrap().iter().map(entry).collect()).collect()
}

#[tokio::test]
async fn orders_are_sent_ten_at_a_time_each_with_its_delay() {
    let (service, aws) = Service::start([]);
    inbox(&aws).give_in(&orders((0..23).map(|n| if n == 22 { 900 } else { n }))).await.unwrap();
    let sent = sent(&service);
    let mut sizes: Vec<_> = sent.iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [3, 10, 10]);
    let expected = |n: u64| match n {
        0 => None,
        22 => Some(900),
        n => Some(n),
    };
    for n in 0..23 {
        let of_n: Vec<_> = sent.iter().flatten().filter(|(text, _)| text.contains(&format!("rp_{n}\""))).collect();
        assert_eq!(of_n.iter().map(|(_, delay)| *delay).collect::<Vec<_>>(), [expected(n)], "order {n}");
    }
}

#[tokio::test]
async fn orders_that_are_large_together_go_in_several_calls() {
    let (service, aws) = Service::start([]);
    let large = |n| (Order::ReplayV1 { replay: ReplayId::from_text(format!("{n}{}", "x".repeat(400_000))) }, 0);
    inbox(&aws).give_in(&[large(1), large(2), large(3)]).await.unwrap();
    let mut sizes: Vec<_> = sent(&service).iter().map(Vec::len).collect();
    sizes.sort_unstable();
    assert_eq!(sizes, [1, 2]);
}

#[tokio::test]
async fn orders_that_the_queue_does_not_take_are_sent_again_and_then_an_error() {
    let failed = |ids: &[&str]| {
        let failed = ids.iter().map(|id| json!({"Id": id, "Code": "InternalError", "Message": "later"}));
        answer(json!({"Successful": [], "Failed": failed.collect::<Vec<_>>()}))
    };
    let (service, aws) = Service::start([failed(&["1", "3"]), failed(&["3"])]);
    inbox(&aws).give_in(&orders([1, 2, 3, 4])).await.unwrap();
    let delays: Vec<Vec<_>> =
        sent(&service).iter().map(|call| call.iter().filter_map(|(_, delay)| *delay).collect()).collect();
    assert_eq!(delays, [vec![1, 2, 3, 4], vec![2, 4], vec![4]], "what was taken is not sent again");
    let (service, aws) = Service::start([failed(&["0", "1"]), failed(&["1"]), failed(&["1"])]);
    let error = inbox(&aws).give_in(&orders([0, 1])).await.unwrap_err().to_string();
    assert!(error.contains("1 of 2, first InternalError: later"), "{error}");
    assert_eq!(service.count(), 3);
    let (service, aws) = Service::start(vec![refusal("AccessDeniedException"); 3]);
    inbox(&aws).give_in(&orders([0])).await.unwrap_err();
    assert_eq!(service.count(), 1);
    let (service, aws) = Service::start([]);
    inbox(&aws).give_in(&orders([0, 901])).await.unwrap_err();
    assert_eq!(service.count(), 0, "a delay that the queue does not know is refused, and all others with it");
}

#[tokio::test]
async fn an_order_that_waits_is_out_of_sight_on_ministack() {
    let stand_in = StandIn::start(Kind::MiniStack);
    let aws = stand_in.aws();
    let url = queue(&aws, "waiting").await;
    aws.inbox(url.clone(), aws.bucket(BUCKET)).give_in(&orders([0, 900, 0])).await.unwrap();
    let bodies = drain(&aws, &url).await;
    assert!(bodies.len() == 2 && bodies.iter().all(|body| !body.contains("rp_1")), "{bodies:?}");
}

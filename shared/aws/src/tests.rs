//! The adapters pass the suite of the ports, on MiniStack and on moto.

mod resources;
mod stand_in;

use std::sync::Arc;

use bellhop_app::clock::SystemClock;
use bellhop_app::conformance;
use bellhop_app::ports::{HookReader as _, HookWriter as _, Inbox as _, Postponed, Receipts as _, WorkQueue as _};
use bellhop_core::id::{EventId, HookId, TaskId};
use bellhop_core::time::Timestamp;
use bellhop_core::work::{TelegramV1, Work};

use crate::{Aws, Table};
use resources::{BUCKET, TABLE};
use stand_in::{Kind, StandIn};

#[tokio::test]
async fn the_adapters_conform_on_ministack() {
    conform(Kind::MiniStack).await;
}

#[tokio::test]
async fn the_adapters_conform_on_moto() {
    conform(Kind::Moto).await;
}

/// Runs the whole suite on one stand-in.
async fn conform(kind: Kind) {
    let stand_in = StandIn::start(kind);
    let aws = stand_in.aws();
    resources::table(&aws).await;
    resources::bucket(&aws).await;
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    let bucket = aws.bucket(BUCKET);
    let events = aws.events(table.clone(), bucket.clone());
    conformance::hooks(&table, &table).await;
    too_many_hooks_change_nothing(&table).await;
    conformance::claims(&events).await;
    conformance::records(&events, &table).await;
    conformance::tasks(&events, &table).await;
    conformance::chats(&table).await;
    let prefix = "/bellhop/test".to_owned();
    conformance::secrets(&aws.secrets(prefix.clone()), &aws.vault(prefix)).await;

    let url = resources::queue(&aws, "telegram.fifo").await;
    let queue = aws.telegram_queue(url.clone());
    let work = async || {
        let bodies = resources::drain(&aws, &url).await;
        bodies.iter().map(|body| serde_json::from_str(body).expect("work is readable")).collect()
    };
    conformance::queue(&queue, work).await;
    postponed_messages_come_again_in_order(&aws, &url).await;

    let url = resources::queue(&aws, "inbox").await;
    let inbox = aws.inbox(url.clone(), bucket.clone());
    let messages = async || resources::drain(&aws, &url).await.into_iter().map(String::into_bytes).collect();
    conformance::inbox(&inbox, &bucket, messages).await;
    aws.warm_sqs().await;
}

/// More hooks than one transaction takes are refused as a whole.
async fn too_many_hooks_change_nothing(table: &Table) {
    let hooks: Vec<_> = (0..101).map(|n| HookId::from_text(format!("hk_{n}"))).collect();
    let error = table.write_hooks(&[], &hooks, None).await.unwrap_err().to_string();
    assert!(error.contains("101 changes"), "{error}");
    assert!(table.hooks_and_settings().await.unwrap().0.is_empty());
}

/// Messages of a chat that are given back come again in their order, and none is kept back by another's longer wait.
async fn postponed_messages_come_again_in_order(aws: &Aws, url: &str) {
    let event = EventId::new(Timestamp::from_ms(1), &[1; 10]);
    let work: Vec<_> = (0..3)
        .map(|n| {
            let task = TaskId::new(event, &HookId::from_text("hk"), n);
            Work::TelegramV1(TelegramV1 { task, event, chat: "7".to_owned(), parts: Vec::new() })
        })
        .collect();
    aws.telegram_queue(url.to_owned()).send(&work).await.unwrap();
    let first = resources::receive(aws, url).await;
    assert_eq!(first.len(), 3);
    assert!(resources::receive(aws, url).await.is_empty());
    let postponed: Vec<_> = first.iter().map(|(_, receipt)| Postponed { receipt, seconds: 0 }).collect();
    aws.receipts(url.to_owned()).postpone(&postponed).await.unwrap();
    let again = resources::receive(aws, url).await;
    let bodies =
        |received: &[(String, String)]| -> Vec<String> { received.iter().map(|(body, _)| body.clone()).collect() };
    assert_eq!(bodies(&again), bodies(&first));
}

/// Where nothing answers, the error comes in time to tell the sender.
#[tokio::test]
async fn a_store_that_does_not_answer_is_given_up_within_three_seconds() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}", silent.local_addr().unwrap());
    let aws = Aws::from_variables(|name| match name {
        "AWS_REGION" => Some("eu-central-1".to_owned()),
        "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
        "AWS_ENDPOINT_URL" => Some(endpoint.clone()),
        _ => None,
    });
    let aws = aws.unwrap();
    let begin = std::time::Instant::now();
    let table = aws.table(TABLE.to_owned(), Arc::new(SystemClock));
    assert!(table.hooks_and_settings().await.is_err());
    assert!(begin.elapsed().as_millis() < 2_900, "{:?}", begin.elapsed());
    let message = bellhop_core::inbox::Message {
        id: EventId::new(Timestamp::from_ms(1), &[1; 10]),
        path: "",
        sender: "none",
        event_type: None,
        delivery_id: None,
        received_at: Timestamp::from_ms(1),
        source_ip: None,
        headers: Vec::new(),
        hooks: Vec::new(),
        body: b"",
    };
    let begin = std::time::Instant::now();
    let inbox = aws.inbox(format!("{endpoint}/0/inbox"), aws.bucket(BUCKET));
    assert!(inbox.put(&message).await.is_err());
    assert!(begin.elapsed().as_millis() < 2_900, "{:?}", begin.elapsed());
}

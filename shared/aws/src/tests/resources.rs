//! What the template would have made: the table, the bucket and the queues.

use aws_sdk_dynamodb::types::{AttributeDefinition, BillingMode, KeySchemaElement, KeyType, ScalarAttributeType};
use aws_sdk_sqs::types::QueueAttributeName;

use crate::Aws;

pub(super) const TABLE: &str = "bellhop";
pub(super) const BUCKET: &str = "bellhop-bodies";

/// Makes the table.
pub(super) async fn table(aws: &Aws) {
    let mut request = aws_sdk_dynamodb::Client::new(&aws.config("dynamodb"))
        .create_table()
        .table_name(TABLE)
        .billing_mode(BillingMode::PayPerRequest);
    for (name, kind) in [("pk", KeyType::Hash), ("sk", KeyType::Range)] {
        let key = KeySchemaElement::builder().attribute_name(name).key_type(kind).build();
        let attribute =
            AttributeDefinition::builder().attribute_name(name).attribute_type(ScalarAttributeType::S).build();
        request = request.key_schema(key.unwrap()).attribute_definitions(attribute.unwrap());
    }
    request.send().await.expect("the table is made");
}

/// Makes the bucket.
pub(super) async fn bucket(aws: &Aws) {
    aws.bucket(BUCKET).make().await.expect("the bucket is made");
}

/// Makes a queue and returns its URL; FIFO where its name says so.
pub(super) async fn queue(aws: &Aws, name: &str) -> String {
    let request = sqs(aws).create_queue().queue_name(name);
    let request = request
        .attributes(QueueAttributeName::VisibilityTimeout, "360")
        .attributes(QueueAttributeName::MaximumMessageSize, "1048576");
    let request = match name.ends_with(".fifo") {
        true => request.attributes(QueueAttributeName::FifoQueue, "true"),
        false => request,
    };
    request.send().await.expect("the queue is made").queue_url.expect("it has a URL")
}

/// Takes everything off a queue.
pub(super) async fn drain(aws: &Aws, queue_url: &str) -> Vec<String> {
    let client = sqs(aws);
    let mut bodies = Vec::new();
    loop {
        let request = client.receive_message().queue_url(queue_url).max_number_of_messages(10);
        let received = request.send().await.expect("messages are received").messages.unwrap_or_default();
        if received.is_empty() {
            return bodies;
        }
        for message in received {
            bodies.extend(message.body);
            let request = client.delete_message().queue_url(queue_url);
            request.set_receipt_handle(message.receipt_handle).send().await.expect("a message is deleted");
        }
    }
}

/// Receives at most ten messages: their bodies, with their receipts.
pub(super) async fn receive(aws: &Aws, queue_url: &str) -> Vec<(String, String)> {
    let request = sqs(aws).receive_message().queue_url(queue_url).max_number_of_messages(10);
    let received = request.send().await.expect("messages are received").messages.unwrap_or_default();
    received.into_iter().map(|m| (m.body.unwrap_or_default(), m.receipt_handle.unwrap_or_default())).collect()
}

/// A client of the queues.
fn sqs(aws: &Aws) -> aws_sdk_sqs::Client {
    aws_sdk_sqs::Client::new(&aws.config("sqs"))
}

/// Has what is put on the default bus, or on one of this name that is made, go to a queue of its name; the bus' ARN, and the
/// queue's URL.
pub(super) async fn bus(aws: &Aws, name: &str) -> (String, String) {
    let client = aws.event_buses(aws.region());
    if name != "default" {
        client.create_event_bus().name(name).send().await.expect("the bus is made");
    }
    let described = client.describe_event_bus().name(name).send().await.expect("the bus is there");
    let queue_url = queue(aws, name).await;
    let rule = client.put_rule().name("all").event_bus_name(name).event_pattern("{\"account\":[{\"exists\":true}]}");
    rule.send().await.expect("the rule is made");
    let arn = format!("arn:aws:sqs:{}:000000000000:{name}", aws.region());
    let target = aws_sdk_eventbridge::types::Target::builder().id("queue").arn(arn).build().expect("it is whole");
    let targets = client.put_targets().rule("all").event_bus_name(name).targets(target);
    targets.send().await.expect("the queue is its target");
    (described.arn.expect("it has an ARN"), queue_url)
}

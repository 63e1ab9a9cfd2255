//! F2, the obvious function: `aws-config` and the SDK with all their defaults, `serde_json::Value` throughout.
//!
//! It verifies nothing and reads no table unless asked, so it does less than ingress does.

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

/// The two clients and the names they are used with.
struct Clients {
    table: aws_sdk_dynamodb::Client,
    table_name: String,
    queue: aws_sdk_sqs::Client,
    queue_url: String,
}

/// Puts the event on the queue, with the hook's row when the event asks for it.
async fn accept(clients: &Clients, event: LambdaEvent<Value>) -> Result<Value, Error> {
    let mut message = json!({ "headers": event.payload["headers"], "body": event.payload["body"] });
    if let Some(key) = event.payload["hook"].as_str() {
        message["hook"] = hook(clients, key).await?;
    }
    let sent =
        clients.queue.send_message().queue_url(&clients.queue_url).message_body(message.to_string()).send().await?;
    Ok(json!({ "statusCode": 200, "body": sent.message_id() }))
}

/// Reads one hook's row.
async fn hook(clients: &Clients, key: &str) -> Result<Value, Error> {
    let row = clients
        .table
        .get_item()
        .table_name(&clients.table_name)
        .key("pk", AttributeValue::S(key.to_owned()))
        .send()
        .await?;
    let name = row.item().and_then(|item| item.get("name")?.as_s().ok());
    Ok(json!(name))
}

/// Makes the clients and serves invocations until the environment ends.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
    let clients = Clients {
        table: aws_sdk_dynamodb::Client::new(&config),
        table_name: std::env::var("BELLHOP_TABLE")?,
        queue: aws_sdk_sqs::Client::new(&config),
        queue_url: std::env::var("BELLHOP_INBOX_URL")?,
    };
    run(service_fn(|event| accept(&clients, event))).await
}

//! F1, the smallest function: it parses the event and answers 200.

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::{Value, json};

/// Answers with the id that the request came with.
async fn echo(event: LambdaEvent<Value>) -> Result<Value, Error> {
    let id = event.payload["requestContext"]["requestId"].clone();
    Ok(json!({ "statusCode": 200, "body": id }))
}

/// Serves invocations until the environment ends.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    run(service_fn(echo)).await
}

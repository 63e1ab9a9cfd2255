//! The management API.

mod source;

use std::sync::Arc;

use axum::middleware::map_request;
use bellhop_api::{Api, Ports, nowhere, router};
use bellhop_app::cache::Changes;
use bellhop_app::clock::SystemClock;
use bellhop_aws::Aws;
use bellhop_lambda::start::{admin_token, required, start_logging};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let (aws, clock) = (Aws::from_env()?, Arc::new(SystemClock));
    let (prefix, bucket) = (required("BELLHOP_SSM_PREFIX")?, aws.bucket(&required("BELLHOP_BUCKET")?));
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, clock.clone()));
    let inbox = Arc::new(aws.inbox(required("BELLHOP_INBOX_URL")?, bucket.clone()));
    let events = Arc::new(aws.events((*table).clone(), bucket));
    let ports = Ports {
        reader: table.clone(),
        writer: table.clone(),
        vault: Arc::new(aws.vault(prefix.clone())),
        secrets: Arc::new(aws.secrets(prefix)),
        inbox: inbox.clone(),
        orders: inbox,
        events: events.clone(),
        history: events,
        counts: table.clone(),
        documents: table,
        clock,
        changes: Changes::default(),
        shortest_seconds: None,
    };
    let api = router(Api::new(admin_token()?, ports)).fallback(nowhere);
    lambda_http::run(api.layer(map_request(source::note))).await
}

//! The router: makes tasks of inbox messages.

use std::sync::Arc;

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::routing::{Routing, RuleCache};
use bellhop_app::{clock::SystemClock, ports::Clock};
use bellhop_aws::Aws;
use bellhop_lambda::batch::{Batch, deadline};
use bellhop_lambda::inbox::route;
use bellhop_lambda::start::{required, start_logging, warmed, work_queue_urls};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let (aws, clock): (_, Arc<dyn Clock>) = (Aws::from_env()?, Arc::new(SystemClock));
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, Arc::clone(&clock)));
    let bodies = Arc::new(aws.bucket(&required("BELLHOP_BUCKET")?));
    let orders = Arc::new(aws.inbox(required("BELLHOP_INBOX_URL")?, (*bodies).clone()));
    let events = Arc::new(aws.events((*table).clone(), (*bodies).clone()));
    let queue = Arc::new(aws.work_queues(work_queue_urls()?));
    let routing = &Routing {
        rules: RuleCache::new(table.clone(), table.clone(), Cache::new(Arc::clone(&clock), Changes::default())),
        events: events.clone(),
        history: events,
        tasks: table.clone(),
        documents: table.clone(),
        counts: table.clone(),
        orders,
        due: table,
        bodies,
        queue,
        clock,
    };
    let (read, ()) = tokio::join!(routing.rules.rules(), aws.warm_sqs());
    warmed(read);
    let work = async |event: LambdaEvent<Batch>| Ok::<_, Error>(route(routing, &event.payload, deadline(&event)).await);
    Runtime::new(service_fn(work)).run().await
}

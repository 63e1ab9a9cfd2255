//! The router: makes tasks of inbox messages.

use std::sync::Arc;

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock;
use bellhop_app::routing::{Routing, RuleCache};
use bellhop_aws::Aws;
use bellhop_lambda::batch::{Batch, deadline};
use bellhop_lambda::inbox::route;
use bellhop_lambda::start::{required, start_logging, warmed};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let aws = Aws::from_env()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = aws.table(required("BELLHOP_TABLE")?, Arc::clone(&clock));
    let bodies = aws.bucket(&required("BELLHOP_BUCKET")?);
    let queue = aws.telegram_queue(required("BELLHOP_TELEGRAM_QUEUE_URL")?);
    let cache = Cache::new(Arc::clone(&clock), Changes::default());
    let routing = &Routing {
        rules: RuleCache::new(Arc::new(table.clone()), cache),
        events: Arc::new(aws.events(table, bodies.clone())),
        bodies: Arc::new(bodies),
        queue: Arc::new(queue),
        clock,
    };
    let (read, ()) = tokio::join!(routing.rules.rules(), aws.warm_sqs());
    warmed(read);
    let work = |event: LambdaEvent<Batch>| async move {
        Ok::<_, Error>(route(routing, &event.payload, deadline(&event)).await)
    };
    Runtime::new(service_fn(work)).run().await
}

//! Does the maintenance, every few minutes.

use std::sync::Arc;

use bellhop_app::delivery::{dead_letters::Drain, poison::Poison};
use bellhop_app::{clock::SystemClock, maintenance::Maintenance, ranges::RangeRefresh, reconcile::Reconciler};
use bellhop_aws::Aws;
use bellhop_http::GitHub;
use bellhop_lambda::metrics::flush;
use bellhop_lambda::start::{required, start_logging, work_queue_urls};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let aws = Aws::from_env()?;
    let clock = Arc::new(SystemClock);
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, clock.clone()));
    let events = Arc::new(aws.events(table.as_ref().clone(), aws.bucket(&required("BELLHOP_BUCKET")?)));
    let queue = Arc::new(aws.work_queues(work_queue_urls()?));
    let (history, tasks, documents, settings) = (events.clone(), table.clone(), table.clone(), table.clone());
    let dead = |name| required(name).map(|address| Arc::new(aws.dead_letters(address)));
    let drain = Drain {
        inbox: dead("BELLHOP_INBOX_DEAD_LETTER_URL")?,
        work: vec![dead("BELLHOP_TELEGRAM_DEAD_LETTER_URL")?, dead("BELLHOP_FORWARD_DEAD_LETTER_URL")?],
        poison: Poison { events, history, tasks, documents, queue, settings, clock: clock.clone() },
    };
    let github = Arc::new(GitHub::new(clock.clone()));
    let ranges = RangeRefresh { hooks: table.clone(), documents: table.clone(), published: github.clone() };
    let secrets = Arc::new(aws.secrets(required("BELLHOP_SSM_PREFIX")?));
    let reconciler = Reconciler { hooks: table.clone(), secrets, documents: table, deliveries: github };
    let maintenance = &Maintenance { drain, ranges, reconciler, clock };
    let work = |_: LambdaEvent<Value>| async move {
        maintenance.run().await;
        flush();
        Ok::<_, Error>(())
    };
    Runtime::new(service_fn(work)).run().await
}

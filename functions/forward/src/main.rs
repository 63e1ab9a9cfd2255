//! The forward worker: carries events wherever they go but to Telegram.

use std::sync::Arc;

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::clock::SystemClock;
use bellhop_app::delivery::Engine;
use bellhop_app::delivery::sinks::{Calls, SettingsCache, SinkPorts, Sinks};
use bellhop_app::ports::{AwsReach, Clock};
use bellhop_aws::Aws;
use bellhop_http::Forwarder;
use bellhop_lambda::batch::{Batch, deadline};
use bellhop_lambda::start::{optional, required, start_logging, work_queue_urls};
use bellhop_lambda::work::Groups;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let aws = Aws::from_env()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, Arc::clone(&clock)));
    let bodies = Arc::new(aws.bucket(&required("BELLHOP_BUCKET")?));
    let events = Arc::new(aws.events((*table).clone(), (*bodies).clone()));
    let secrets = Arc::new(aws.secrets(required("BELLHOP_SSM_PREFIX")?));
    let receipts = &aws.receipts(required("BELLHOP_FORWARD_QUEUE_URL")?);
    let queue = Arc::new(aws.work_queues(work_queue_urls()?));
    let settings = SettingsCache::new(table.clone(), Cache::new(Arc::clone(&clock), Changes::default()));
    let (outbound, mailer) = (Arc::new(Forwarder::new(aws.private_hosts())), Arc::new(aws.ses()));
    let calls = Calls { outbound, secrets, clock: Arc::clone(&clock) };
    let reach = Some(AwsReach::new(Arc::new(aws.action_calls()), &optional("BELLHOP_ACTION_TARGETS")));
    let ports = SinkPorts { calls, events, bodies, documents: table.clone(), mailer, aws: reach };
    let engine = &Engine::new(Sinks::new(ports, settings), table.clone(), table, queue, clock);
    let work = |event: LambdaEvent<Batch>| async move {
        let groups = Groups { engine, receipts, deadline: deadline(&event) };
        Ok::<_, Error>(groups.work(&event.payload).await)
    };
    Runtime::new(service_fn(work)).run().await
}

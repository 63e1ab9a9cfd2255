//! The front door: takes a webhook in.

use std::sync::Arc;

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::clock::SystemClock;
use bellhop_app::doors::DoorCache;
use bellhop_app::ingress::{Ingress, Parts};
use bellhop_app::keys::PublishedKeys;
use bellhop_app::limiter::Limiter;
use bellhop_app::offers::Offers;
use bellhop_app::ports::Clock;
use bellhop_app::ranges::RangeBook;
use bellhop_aws::Aws;
use bellhop_lambda::http::{Request, answer};
use bellhop_lambda::start::{required, start_logging, warmed};
use lambda_runtime::{Error, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let aws = Aws::from_env()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, Arc::clone(&clock)));
    let secrets = aws.secrets(required("BELLHOP_SSM_PREFIX")?);
    let inbox = Arc::new(aws.inbox(required("BELLHOP_INBOX_URL")?, aws.bucket(&required("BELLHOP_BUCKET")?)));
    let cache = Cache::new(Arc::clone(&clock), Changes::default());
    let (ranges, limiter) = (RangeBook::new(table.clone()), Limiter::leasing(table.clone()));
    let (keys, offers) =
        (PublishedKeys::new(Arc::new(aws.fetch()), clock.clone()), Offers::new(table.clone(), clock.clone()));
    let doors = Arc::new(DoorCache::new(table, Arc::new(secrets), ranges, cache));
    // The start is not throttled as the first request is, so connections are opened and hooks read here.
    let (read, ()) = tokio::join!(doors.doors(), aws.warm_sqs());
    warmed(read);
    let ingress = &Ingress::new(Parts { doors, inbox: inbox.clone(), orders: inbox, limiter, keys, offers, clock });
    Runtime::new(service_fn(|request: Request| async move { Ok::<_, Error>(answer(ingress, &request).await) }))
        .run()
        .await
}

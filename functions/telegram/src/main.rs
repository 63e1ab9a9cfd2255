//! The Telegram worker: carries tasks to chats.

use std::sync::{Arc, Mutex};

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::delivery::Engine;
use bellhop_app::delivery::telegram::{BotCache, Telegram};
use bellhop_app::{clock::SystemClock, ports::Clock};
use bellhop_aws::Aws;
use bellhop_core::pace::{Pace, Scope};
use bellhop_http::HttpBot;
use bellhop_lambda::batch::{Batch, deadline};
use bellhop_lambda::start::{LoggedMessages, required, start_logging, warmed, work_queue_urls};
use bellhop_lambda::work::Groups;
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let aws = Aws::from_env()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, Arc::clone(&clock)));
    let secrets = Arc::new(aws.secrets(required("BELLHOP_SSM_PREFIX")?));
    let (receipts, queue) =
        (&aws.receipts(required("BELLHOP_TELEGRAM_QUEUE_URL")?), aws.work_queues(work_queue_urls()?));
    let bot = BotCache::new(table.clone(), secrets, Cache::new(Arc::clone(&clock), Changes::default()));
    let (documents, bot_pace) = (table.clone(), Mutex::new(Pace::new(Scope::Bot)));
    let (api, dry_run) = (Arc::new(HttpBot::new(aws.private_hosts())), Arc::new(LoggedMessages));
    let telegram = Telegram { bot, api, dry_run, documents, clock: Arc::clone(&clock), bot_pace };
    let engine = &Engine::new(telegram, table.clone(), table, Arc::new(queue), clock);
    warmed(engine.worker.bot.bot().await);
    let work = |event: LambdaEvent<Batch>| async move {
        let groups = Groups { engine, receipts, deadline: deadline(&event) };
        Ok::<_, Error>(groups.work(&event.payload).await)
    };
    Runtime::new(service_fn(work)).run().await
}

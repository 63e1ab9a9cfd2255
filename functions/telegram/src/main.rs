//! The Telegram worker: carries tasks to chats.

use std::sync::{Arc, Mutex};

use bellhop_app::cache::{Cache, Changes};
use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock;
use bellhop_app::telegram::{BotCache, TelegramWorker};
use bellhop_aws::Aws;
use bellhop_core::telegram::{Pace, Scope};
use bellhop_http::HttpBot;
use bellhop_lambda::batch::{Batch, deadline};
use bellhop_lambda::chats::Chats;
use bellhop_lambda::start::{LoggedMessages, required, start_logging, warmed};
use lambda_runtime::{Error, LambdaEvent, Runtime, service_fn};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let aws = Aws::from_env()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, Arc::clone(&clock)));
    let secrets = Arc::new(aws.secrets(required("BELLHOP_SSM_PREFIX")?));
    let queue_url = required("BELLHOP_TELEGRAM_QUEUE_URL")?;
    let (receipts, queue) = (&aws.receipts(queue_url.clone()), Arc::new(aws.telegram_queue(queue_url)));
    let cache = Cache::new(Arc::clone(&clock), Changes::default());
    let bot = BotCache::new(table.clone(), secrets, cache);
    let (tasks, documents, bot_pace) = (table.clone(), table, Mutex::new(Pace::new(Scope::Bot)));
    let (api, dry_run) = (Arc::new(HttpBot::new(aws.private_hosts())), Arc::new(LoggedMessages));
    let worker = &TelegramWorker { bot, tasks, documents, queue, api, dry_run, clock, bot_pace };
    warmed(worker.bot.bot().await);
    let work = |event: LambdaEvent<Batch>| async move {
        let chats = Chats { worker, receipts, deadline: deadline(&event) };
        Ok::<_, Error>(chats.work(&event.payload).await)
    };
    Runtime::new(service_fn(work)).run().await
}

//! The management API.

use std::sync::Arc;

use bellhop_app::api::{Api, router};
use bellhop_app::cache::Changes;
use bellhop_app::clock::SystemClock;
use bellhop_app::hooks::HookBook;
use bellhop_app::ports::Clock;
use bellhop_aws::Aws;
use bellhop_lambda::start::{admin_token, required, start_logging};
use lambda_http::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    start_logging();
    let aws = Aws::from_env()?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let table = Arc::new(aws.table(required("BELLHOP_TABLE")?, Arc::clone(&clock)));
    let vault = Arc::new(aws.vault(required("BELLHOP_SSM_PREFIX")?));
    let hooks = HookBook { reader: table.clone(), writer: table, vault, clock, changes: Changes::default() };
    lambda_http::run(router(Api { hooks: Arc::new(hooks), admin: Arc::new(admin_token()?) })).await
}

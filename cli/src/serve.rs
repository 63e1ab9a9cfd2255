//! `bellhop serve`: everything in this process, on one SQLite file.

use std::io::IsTerminal as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use bellhop_api::web;
use bellhop_api::{Api, Ports};
use bellhop_app::cache::{Cache, Changes};
use bellhop_app::clock::SystemClock;
use bellhop_app::delivery::sinks::{Calls, SettingsCache, SinkPorts, Sinks};
use bellhop_app::delivery::telegram::{BotCache, Telegram};
use bellhop_app::doors::DoorCache;
use bellhop_app::ingress::{Ingress, Parts};
use bellhop_app::keys::PublishedKeys;
use bellhop_app::limiter::Limiter;
use bellhop_app::logging::{self, Form};
use bellhop_app::offers::Offers;
use bellhop_app::ports::{AwsReach, Clock, Inbox, Secrets};
use bellhop_app::ranges::{RangeBook, RangeRefresh};
use bellhop_app::reconcile::Reconciler;
use bellhop_app::routing::{Routing, RuleCache};
use bellhop_app::schedule::Scheduler;
use bellhop_app::tokens::AdminToken;
use bellhop_core::address::{PrivateHost, PrivateHosts};
use bellhop_core::config::{Capacity, CheckedConfig};
use bellhop_core::pace::{Pace, Scope as PaceScope};
use bellhop_core::token::Scope;
use bellhop_http::{Forwarder, GitHub, HttpBot, HttpFetch};
use bellhop_process::{Engine, EngineParts, Listener, Smtp, VerifyWorker};
use bellhop_sqlite::{Database, LocalSecrets};
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use crate::Around;
use crate::config::{Place, load};
use crate::failure::Failure;
use crate::print::{Terminal, to_stdout};
use crate::token::admin_token;

/// After how many steps of connections the system is asked for news of others.
const EVENT_INTERVAL: u32 = 8;

/// How many files the process may need besides its connections.
const OTHER_FILES: u64 = 64;

/// Run everything in this process.
#[derive(Args)]
pub(crate) struct Serve {
    /// Where to listen; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// The folder of the database; made where it is missing.
    #[arg(long, default_value = "./bellhop-data")]
    data: PathBuf,
    /// The configuration file; without one, the hooks are those made through the API.
    #[arg(long)]
    config: Option<PathBuf>,
    /// What to log: error, warn, info, debug or off.
    #[arg(long, env = "BELLHOP_LOG", default_value = "info")]
    log: String,
}

/// What the parts of the process share.
struct Shared {
    database: Arc<Database>,
    secrets: Arc<dyn Secrets>,
    clock: Arc<dyn Clock>,
    changes: Changes,
    aws: Option<AwsReach>,
    bot_hosts: PrivateHosts,
    private_hosts: PrivateHosts,
}

impl Serve {
    /// Serves until SIGTERM or SIGINT.
    pub(crate) fn run(self, around: Around) -> Result<(), Failure> {
        let form = if std::io::stderr().is_terminal() { Form::Words } else { Form::Json };
        logging::start(form, Some(&self.log));
        // Looking for news of connections often keeps a few busy ones from delaying all others.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().event_interval(EVENT_INTERVAL).build();
        runtime.map_err(|e| Failure::new("no runtime", e))?.block_on(self.serve(around))
    }

    /// Opens the data, applies the configuration, starts the engine and listens.
    async fn serve(self, around: Around) -> Result<(), Failure> {
        let config = match &self.config {
            Some(file) => Some(load(file, Place::Here)?.checked),
            None => default_config()?,
        };
        let database = Database::open(&self.data)?;
        let (token, made_in) = admin_token(&self.data)?;
        let shared = Shared {
            secrets: Arc::new(LocalSecrets::new(database.clone())),
            database: Arc::new(database),
            clock: Arc::new(SystemClock),
            changes: Changes::default(),
            aws: crate::aws::reach().ok(),
            bot_hosts: bot_hosts(config.as_ref()),
            private_hosts: config.as_ref().map(|config| config.private_hosts.clone()).unwrap_or_default(),
        };
        let api = Api::new(AdminToken::of(&token), shared.api_ports());
        let limits = listener(config.as_ref().map(|config| config.capacity).unwrap_or_default());
        if let Some(config) = config {
            api.configuration.apply(config).await?;
        }
        let failed = |e| Failure::new(&format!("cannot listen on {}", self.listen), e);
        let listener = TcpListener::bind(self.listen).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let mut terminate = signal(SignalKind::terminate()).map_err(|e| Failure::new("no signals", e))?;
        let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| Failure::new("no signals", e))?;
        let page = bellhop_api::metrics::router(shared.database.clone(), Arc::clone(&shared.clock));
        let page = bellhop_api::guarded(page, &api.guard, Scope::Metrics);
        let worker = Arc::new(VerifyWorker::start()?);
        let app = web::router(Arc::new(shared.ingress((around.inbox)(shared.database.clone()))), Some(worker))
            .merge(bellhop_api::router(api))
            .merge(page);
        let sending = crate::otlp::start()?;
        let engine = Engine::start(shared.engine_parts(around))?;
        if let Some(file) = made_in {
            to_stdout(&format!("admin token written to {}", file.display()));
        }
        to_stdout(&format!("listening on http://{address}"));
        let stop = async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
        };
        bellhop_process::serve(limits, listener, app, stop).await;
        engine.stop();
        if let Some(sending) = sending {
            sending.stop().await;
        }
        Ok(())
    }
}

/// The host of the Bot API that the configuration file names: wherever it is, the operator wants it called.
fn bot_hosts(config: Option<&CheckedConfig>) -> PrivateHosts {
    let base = config.and_then(|config| config.settings.telegram_api_base.parse().ok());
    base.as_ref().and_then(PrivateHost::of).into_iter().collect()
}

impl Shared {
    /// A cache of one kind of thing.
    fn cache<T>(&self) -> Cache<T> {
        Cache::new(Arc::clone(&self.clock), self.changes.clone())
    }

    /// What the management API works on.
    fn api_ports(&self) -> Ports {
        Ports {
            reader: self.database.clone(),
            writer: self.database.clone(),
            vault: self.database.clone(),
            secrets: Arc::clone(&self.secrets),
            inbox: self.database.clone(),
            orders: self.database.clone(),
            events: self.database.clone(),
            history: self.database.clone(),
            counts: self.database.clone(),
            documents: self.database.clone(),
            clock: Arc::clone(&self.clock),
            changes: self.changes.clone(),
            shortest_seconds: Some(1),
        }
    }

    /// The front door, which writes to this inbox.
    fn ingress(&self, inbox: Arc<dyn Inbox>) -> Ingress {
        let ranges = RangeBook::new(self.database.clone());
        let doors = DoorCache::new(self.database.clone(), Arc::clone(&self.secrets), ranges, self.cache());
        Ingress::new(Parts {
            doors: Arc::new(doors),
            inbox,
            orders: self.database.clone(),
            limiter: Limiter::alone(),
            keys: PublishedKeys::new(Arc::new(HttpFetch::new()), Arc::clone(&self.clock)),
            offers: Offers::new(self.database.clone(), Arc::clone(&self.clock)),
            clock: Arc::clone(&self.clock),
        })
    }

    /// An engine for one kind of work.
    fn engine<W>(&self, worker: W) -> bellhop_app::delivery::Engine<W> {
        let (tasks, documents, queue) = (self.database.clone(), self.database.clone(), self.database.clone());
        bellhop_app::delivery::Engine::new(worker, tasks, documents, queue, Arc::clone(&self.clock))
    }

    /// What works behind it.
    fn engine_parts(&self, around: Around) -> EngineParts {
        let github = Arc::new(GitHub::new(Arc::clone(&self.clock)));
        EngineParts {
            database: Database::clone(&self.database),
            before_record: around.event,
            routing: Routing {
                rules: RuleCache::new(self.database.clone(), self.database.clone(), self.cache()),
                events: (around.events)(self.database.clone()),
                history: self.database.clone(),
                tasks: self.database.clone(),
                documents: self.database.clone(),
                counts: self.database.clone(),
                orders: self.database.clone(),
                due: self.database.clone(),
                bodies: self.database.clone(),
                queue: self.database.clone(),
                clock: Arc::clone(&self.clock),
            },
            telegram: Arc::new(self.engine(Telegram {
                bot: BotCache::new(self.database.clone(), Arc::clone(&self.secrets), self.cache()),
                api: (around.bot)(Arc::new(HttpBot::new(self.bot_hosts.clone()))),
                dry_run: Arc::new(Terminal),
                documents: self.database.clone(),
                clock: Arc::clone(&self.clock),
                bot_pace: Mutex::new(Pace::new(PaceScope::Bot)),
            })),
            sinks: Arc::new(self.engine(Sinks::new(
                SinkPorts {
                    calls: Calls {
                        outbound: Arc::new(Forwarder::new(self.private_hosts.clone())),
                        secrets: Arc::clone(&self.secrets),
                        clock: Arc::clone(&self.clock),
                    },
                    events: self.database.clone(),
                    bodies: self.database.clone(),
                    documents: self.database.clone(),
                    mailer: Arc::new(Smtp::new(self.private_hosts.clone())),
                    aws: self.aws.clone(),
                },
                SettingsCache::new(self.database.clone(), self.cache()),
            ))),
            scheduler: Scheduler {
                due: self.database.clone(),
                jobs: self.database.clone(),
                orders: self.database.clone(),
                clock: Arc::clone(&self.clock),
                ahead_ms: 0,
            },
            reconciler: Reconciler {
                hooks: self.database.clone(),
                secrets: Arc::clone(&self.secrets),
                documents: self.database.clone(),
                deliveries: github.clone(),
            },
            ranges: RangeRefresh { hooks: self.database.clone(), documents: self.database.clone(), published: github },
            clock: Arc::clone(&self.clock),
        }
    }
}

/// The configuration file beside the caller, where there is one.
fn default_config() -> Result<Option<CheckedConfig>, Failure> {
    let file = PathBuf::from("bellhop.toml");
    if file.exists() { Ok(Some(load(&file, Place::Here)?.checked)) } else { Ok(None) }
}

/// What the listener allows: as configured, and no more connections than the process may have files.
fn listener(capacity: Capacity) -> Listener {
    let files = raise_file_limit().unwrap_or(u64::MAX).saturating_sub(OTHER_FILES).max(1);
    let most = u64::from(capacity.connections);
    if files < most {
        log::warn!(files, connections = most; "the system allows too few files for all connections: raise `ulimit -n`");
    }
    let count = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    Listener {
        most_connections: count(most.min(files)),
        connections_per_address: count(u64::from(capacity.connections_per_address).min(files)),
        bytes_in_flight: count(capacity.bytes_in_flight),
        ..Listener::default()
    }
}

/// Lets the process have as many files open as the system allows it; every connection is one. `None`: as many as it likes.
fn raise_file_limit() -> Option<u64> {
    use rustix::process::{Resource, getrlimit, setrlimit};
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    // Where that is refused, the limit stays as it was.
    let _ = setrlimit(Resource::Nofile, limit);
    getrlimit(Resource::Nofile).current
}

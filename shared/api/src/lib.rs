//! The management API: hooks, jobs, tokens, events, tasks and the configuration, described by an `OpenAPI` document.

mod auth;
mod body;
mod config;
mod document;
mod events;
mod hooks;
mod jobs;
pub mod metrics;
mod query;
mod replays;
mod tasks;
mod tokens;
pub mod view;
pub mod web;

use std::sync::{Arc, OnceLock};

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::middleware::{Next, from_fn, map_response};
use axum::response::Response;
use bellhop_core::token::Scope;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub use auth::{Guard, guarded};
pub use document::document;

use crate::body::Rejection;
use crate::web::{json_response, refusal};
use bellhop_app::answer::Refused;
use bellhop_app::cache::Changes;
use bellhop_app::configuration::Configuration;
use bellhop_app::history::{Records, Redo};
use bellhop_app::hooks::{Hooks, Trials};
use bellhop_app::jobs::{JobPorts, Jobs};
use bellhop_app::offers::Offers;
use bellhop_app::ports::{
    Clock, Documents, EventCounts, EventLog, History, HookReader, HookWriter, Inbox, Orders, PortError, Secrets, Vault,
};
use bellhop_app::tokens::{AdminToken, Tokens};

/// The longest body the API takes: a configuration of a thousand hooks.
const MAX_BODY_BYTES: usize = 2 * 1024 * 1024;

/// What the API works on.
#[derive(Clone)]
pub struct Api {
    /// Who may use it.
    pub guard: Arc<Guard>,
    /// The hooks.
    pub hooks: Arc<Hooks>,
    /// The jobs.
    pub jobs: Arc<Jobs>,
    /// Everything that is configured, together.
    pub configuration: Arc<Configuration>,
    /// The secrets that senders offered to hooks.
    pub offers: Arc<Offers>,
    /// Hooks being tried out.
    pub trials: Arc<Trials>,
    /// How often hooks had an event.
    pub counts: Arc<dyn EventCounts>,
    /// What happened.
    pub records: Arc<Records>,
    /// What is to be done again.
    pub redo: Arc<Redo>,
    /// The tokens.
    pub tokens: Arc<Tokens>,
}

/// Everything the API asks of the world.
#[expect(missing_docs, reason = "each port says itself what it is for")]
pub struct Ports {
    pub reader: Arc<dyn HookReader>,
    pub writer: Arc<dyn HookWriter>,
    pub vault: Arc<dyn Vault>,
    pub secrets: Arc<dyn Secrets>,
    pub inbox: Arc<dyn Inbox>,
    pub orders: Arc<dyn Orders>,
    pub events: Arc<dyn EventLog>,
    pub history: Arc<dyn History>,
    pub counts: Arc<dyn EventCounts>,
    pub documents: Arc<dyn Documents>,
    pub clock: Arc<dyn Clock>,
    pub changes: Changes,
    /// The shortest interval of a job that is kept to the second here; `None` where nothing runs jobs.
    pub shortest_seconds: Option<u64>,
}

impl Api {
    /// The API over these ports; the admin token opens all of it.
    pub fn new(admin: AdminToken, ports: Ports) -> Self {
        let Ports { reader, writer, vault, secrets, inbox, orders, events, history, counts, .. } = ports;
        let Ports { documents, clock, changes, shortest_seconds, .. } = ports;
        let hooks = Arc::new(Hooks::new(
            Arc::clone(&reader),
            Arc::clone(&writer),
            Arc::clone(&vault),
            Arc::clone(&clock),
            changes.clone(),
        ));
        let jobs = Arc::new(Jobs::new(JobPorts {
            documents: Arc::clone(&documents),
            writer,
            vault,
            history: Arc::clone(&history),
            orders: Arc::clone(&orders),
            settings: reader.clone(),
            clock: Arc::clone(&clock),
            changes,
            shortest_seconds: shortest_seconds.unwrap_or(1),
        }));
        let run = shortest_seconds.map(|_| Arc::clone(&jobs));
        let configuration = Configuration { hooks: Arc::clone(&hooks), jobs: run };
        let trials = Trials { hooks: Arc::clone(&reader), secrets, inbox, clock: Arc::clone(&clock) };
        let records = Arc::new(Records { history, events, hooks: reader, clock: Arc::clone(&clock) });
        let redo = Redo {
            records: Arc::clone(&records),
            documents: Arc::clone(&documents),
            orders,
            clock: Arc::clone(&clock),
        };
        let offers = Arc::new(Offers::new(Arc::clone(&documents), Arc::clone(&clock)));
        let tokens = Arc::new(Tokens { documents, clock: Arc::clone(&clock) });
        Self {
            guard: Arc::new(Guard::new(admin, Arc::clone(&tokens), clock)),
            hooks,
            jobs,
            configuration: Arc::new(configuration),
            offers,
            trials: Arc::new(trials),
            counts,
            records,
            redo: Arc::new(redo),
            tokens,
        }
    }
}

/// The management API: each path under the scope that opens it, and the document that describes them all.
pub fn router(api: Api) -> Router {
    let mut router = Router::new();
    for (scope, routes) in routes() {
        let (mut routes, _) = routes.split_for_parts();
        if scope == Scope::Jobs && api.configuration.jobs.is_none() {
            routes = routes.layer(from_fn(|_: Request, _: Next| async { refusal(&no_jobs()) }));
        }
        router = router.merge(guarded(routes.with_state(api.clone()), &api.guard, scope));
    }
    let (open, _) = open_routes().split_for_parts();
    router.merge(open.with_state(api)).layer(map_response(in_our_words))
}

/// Answers a path that is nobody's, where the API stands alone.
pub async fn nowhere() -> Response {
    refusal(&Refused::new(404, "not_found", "nothing is here; the paths are described at /openapi.json"))
}

/// 501, where nothing would run a job.
fn no_jobs() -> Refused {
    Refused::new(501, "no_jobs", "this deployment runs no jobs yet; `bellhop serve` does")
}

/// The routes of each scope.
fn routes() -> [(Scope, OpenApiRouter<Api>); 5] {
    let all = |[events, replays, tasks]: [OpenApiRouter<Api>; 3]| events.merge(replays).merge(tasks);
    [
        (Scope::Hooks, hooks::routes()),
        (Scope::Jobs, jobs::routes()),
        (Scope::EventsRead, all([events::seeing(), replays::seeing(), tasks::seeing()])),
        (Scope::Events, all([events::changing(), replays::changing(), tasks::changing()])),
        (Scope::Admin, OpenApiRouter::new().merge(tokens::routes()).merge(config::routes())),
    ]
}

/// The routes that need no token.
fn open_routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(openapi))
}

/// Shows this document.
#[utoipa::path(get, path = "/openapi.json", tag = "doors", responses(
    (status = 200, description = "This document", body = Object),
))]
async fn openapi() -> Response {
    json_response(200, document_text(), None)
}

/// The document as it is served; it is made when it is first asked for.
fn document_text() -> Bytes {
    static TEXT: OnceLock<Bytes> = OnceLock::new();
    TEXT.get_or_init(|| document().to_string().into()).clone()
}

/// Puts answers that the router made itself into the API's error body: a method or a path that is not there.
async fn in_our_words(response: Response) -> Response {
    let ours = response.headers().contains_key(http::header::CONTENT_TYPE);
    if response.status() != http::StatusCode::METHOD_NOT_ALLOWED || ours {
        return response;
    }
    let mut answer = refusal(&Refused::new(405, "method_not_allowed", "this method is not taken here; see `Allow`"));
    if let Some(allow) = response.headers().get(http::header::ALLOW) {
        answer.headers_mut().insert(http::header::ALLOW, allow.clone());
    }
    answer
}

/// 503; the cause is for the log alone.
fn failed(error: PortError) -> Rejection {
    log::error!(error:%; "the store failed");
    match error.is_too_much() {
        true => Rejection::new(422, "too_much", "more changes than the store takes at once; nothing was changed"),
        false => Refused::new(503, "unavailable", "the store did not answer; nothing was changed").after(5).into(),
    }
}

#[cfg(test)]
mod promises;

//! GitHub's REST API: the attempts at a webhook's deliveries, and the networks they come from.

mod app;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bellhop_app::ports::{Clock, PortError, PortResult};
use bellhop_app::ranges::PublishedNetworks;
use bellhop_app::reconcile::{Deliveries, Listing, Refusal, Webhook};
use bellhop_core::address::PrivateHosts;
use bellhop_core::reconcile::Attempted;
use bellhop_core::time::Timestamp;
use bellhop_net::{Failure, Kind, Limits, Reply};
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, HeaderMap, LINK, RETRY_AFTER, USER_AGENT};
use http::{HeaderValue, Method, Request};
use http_body_util::Full;
use ipnet::IpNet;
use serde::Deserialize;

use crate::client::{self, GuardedClient, NetClient};

/// Where GitHub's own API is.
const API_BASE: &str = "https://api.github.com";

/// How long a call may take.
const CALL_TIME: Duration = Duration::from_secs(15);

/// How much of an answer is read, in bytes.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// What a call may cost.
const LIMITS: Limits = Limits::whole(CALL_TIME, MOST_BYTES);

/// How long to wait where GitHub says that there were too many requests, but not when to come again, in milliseconds.
const UNSAID_WAIT_MS: u64 = 60_000;

/// The longest wait that is believed.
const LONGEST_WAIT_MS: u64 = 24 * 60 * 60 * 1000;

/// GitHub over HTTP.
#[derive(Clone)]
pub struct GitHub {
    client: NetClient,
    pub(crate) guarded: GuardedClient,
    clock: Arc<dyn Clock>,
    meta_base: String,
}

impl GitHub {
    /// GitHub, without connections yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            client: client::open(),
            guarded: client::guarded(PrivateHosts::default()),
            clock,
            meta_base: API_BASE.to_owned(),
        }
    }

    /// The same, where these hosts may be private though users name them.
    pub fn with_private_hosts(self, hosts: PrivateHosts) -> Self {
        Self { guarded: client::guarded(hosts), ..self }
    }

    /// The same, with the published networks at another address.
    pub fn with_meta_at(self, base: &str) -> Self {
        Self { meta_base: base.to_owned(), ..self }
    }

    /// Makes a call for a webhook; an answer with another status than the one expected is a refusal.
    async fn call(&self, webhook: &Webhook, method: Method, path: &str, expected: u16) -> Result<Reply, Refusal> {
        let bearer = match webhook.place.of.strip_prefix("app/") {
            Some(app) => app::token(app, &webhook.token, self.clock.now()).map_err(Refusal::Failed)?,
            None => webhook.token.expose().to_owned(),
        };
        let bad = |_| failed(&webhook.place.of, "the token has characters that no token has");
        let mut bearer = HeaderValue::from_str(&format!("Bearer {bearer}")).map_err(bad)?;
        bearer.set_sensitive(true);
        let url = format!("{}{}{path}", webhook.place.api_base, place(webhook));
        let request = request(method, &url, Some(bearer)).map_err(|why| failed(&webhook.place.of, why))?;
        let reply = match webhook.public_only {
            true => self.guarded.send(request, &LIMITS).await,
            false => self.client.send(request, &LIMITS).await,
        };
        let reply = reply.map_err(|why| failed(&webhook.place.of, why))?;
        match reply.status.as_u16() {
            status if status == expected => Ok(reply),
            _ => Err(refusal(webhook, &reply, self.clock.now())),
        }
    }
}

#[async_trait]
impl Deliveries for GitHub {
    async fn list(&self, webhook: &Webhook, cursor: Option<&str>) -> Result<Listing, Refusal> {
        let reply = self.call(webhook, Method::GET, &query(cursor), 200).await?;
        let strange = |why: &str| failed(&webhook.place.of, format!("the list of deliveries is not understood: {why}"));
        let listed: Vec<Listed> = serde_json::from_slice(&reply.body).map_err(|e| strange(&e.to_string()))?;
        let attempts = listed.into_iter().map(Listed::read).collect::<Option<_>>();
        Ok(Listing { attempts: attempts.ok_or_else(|| strange("a time is none"))?, next: next(&reply.headers) })
    }

    async fn ask_again(&self, webhook: &Webhook, attempt: u64) -> Result<(), Refusal> {
        let path = format!("/{attempt}/attempts");
        self.call(webhook, Method::POST, &path, 202).await.map(|_| ())
    }
}

#[async_trait]
impl PublishedNetworks for GitHub {
    async fn github(&self) -> PortResult<Vec<IpNet>> {
        let failed = |why: &dyn std::fmt::Display| PortError::new("GitHub's published networks", why);
        let url = format!("{}/meta", self.meta_base);
        let request = request(Method::GET, &url, None).map_err(|why| failed(&why))?;
        let reply = self.client.send(request, &LIMITS).await.map_err(|why| failed(&why))?;
        if reply.status != 200 {
            return Err(failed(&format!("answered {}", reply.status)));
        }
        let meta: Meta = serde_json::from_slice(&reply.body).map_err(|e| failed(&e))?;
        Ok(meta.hooks)
    }
}

/// A request with the headers that GitHub asks for.
fn request(method: Method, url: &str, authorization: Option<HeaderValue>) -> Result<Request<Full<Bytes>>, Failure> {
    let mut request = Request::builder()
        .method(method)
        .uri(url)
        .header(ACCEPT, "application/vnd.github+json")
        .header("x-github-api-version", "2022-11-28")
        .header(USER_AGENT, concat!("bellhop/", env!("CARGO_PKG_VERSION")));
    if let Some(authorization) = authorization {
        request = request.header(AUTHORIZATION, authorization);
    }
    request.body(Full::new(Bytes::new())).map_err(|_| Kind::BadRequest.into())
}

/// What `GET /meta` says, as far as we care.
#[derive(Deserialize)]
struct Meta {
    hooks: Vec<IpNet>,
}

/// An attempt, as GitHub lists it.
#[derive(Deserialize)]
struct Listed {
    id: u64,
    guid: String,
    delivered_at: String,
    #[serde(default)]
    status_code: Option<i64>,
}

impl Listed {
    /// The attempt as we know it; `None` where its time is none.
    fn read(self) -> Option<Attempted> {
        let accepted = self.status_code.is_some_and(|status| (200..300).contains(&status));
        let at = Timestamp::from_rfc3339(&self.delivered_at)?;
        Some(Attempted { id: self.id, guid: self.guid, at, accepted })
    }
}

/// The path of a webhook's deliveries.
fn place(webhook: &Webhook) -> String {
    match webhook.place.webhook_id {
        Some(id) => format!("/{}/hooks/{id}/deliveries", webhook.place.of),
        None => "/app/hook/deliveries".to_owned(),
    }
}

/// What is asked of the list.
fn query(cursor: Option<&str>) -> String {
    let cursor = cursor.map(|cursor| form_urlencoded::byte_serialize(cursor.as_bytes()).collect::<String>());
    cursor.map_or_else(|| "?per_page=100".to_owned(), |cursor| format!("?per_page=100&cursor={cursor}"))
}

/// A failure that may pass.
fn failed(of: &str, why: impl std::fmt::Display) -> Refusal {
    Refusal::Failed(PortError::new(&format!("GitHub, for {of}"), why))
}

/// What an answer other than the expected one means; its body is never repeated.
fn refusal(webhook: &Webhook, reply: &Reply, now: Timestamp) -> Refusal {
    let of = &webhook.place.of;
    if let Some(until) = limited(reply, now) {
        return Refusal::Limited(until);
    }
    match reply.status.as_u16() {
        401 => failed(of, "the token is not taken (401): it is wrong or has expired; give `reconcile.token` a new one"),
        403 => failed(of, "the token may not do this (403): it needs write access to webhooks"),
        // Asking and turning pages name a single thing that may be gone; the list itself is only ever out of sight.
        404 => {
            let error = "not found (404): check `of` and `webhook_id`, and that the token may see the webhook";
            Refusal::Never(PortError::new(&format!("GitHub, for {of}"), error))
        }
        400 | 422 => {
            Refusal::Never(PortError::new(&format!("GitHub, for {of}"), format!("refused ({})", reply.status)))
        }
        _ => failed(of, format!("answered {}", reply.status)),
    }
}

/// When to come again, where the answer says that there were too many requests.
fn limited(reply: &Reply, now: Timestamp) -> Option<Timestamp> {
    let status = reply.status.as_u16();
    if status != 403 && status != 429 {
        return None;
    }
    let number = |name: &str| reply.headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let until = if let Some(seconds) = number(RETRY_AFTER.as_str()) {
        now.plus_ms(seconds.saturating_mul(1000))
    } else if number("x-ratelimit-remaining") == Some(0)
        && let Some(reset) = number("x-ratelimit-reset")
    {
        // A second more, for their clock is not ours.
        Timestamp::from_seconds(reset.saturating_add(1))
    } else if status == 429 || reply.body.windows(10).any(|words| words.eq_ignore_ascii_case(b"rate limit")) {
        now.plus_ms(UNSAID_WAIT_MS)
    } else {
        return None;
    };
    Some(until.clamp(now.plus_ms(1000), now.plus_ms(LONGEST_WAIT_MS)))
}

/// The cursor of the link to the next part; the link's address is not followed, so that no token goes elsewhere.
fn next(headers: &HeaderMap) -> Option<String> {
    let links = headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    for link in links {
        let (url, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        if parameters.split(';').any(|parameter| parameter.trim() == "rel=\"next\"") {
            let (_, query) = url.split_once('?')?;
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            return pairs.find(|(name, _)| name == "cursor").map(|(_, cursor)| cursor.into_owned());
        }
    }
    None
}

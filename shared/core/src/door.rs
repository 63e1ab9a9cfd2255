//! The doors of the front door: which paths there are, what each takes, and which hook path a URL path names.

use std::borrow::Cow;

use crate::percent;

/// What stands at a URL path, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door<'a> {
    /// The door of the hooks at this path, or of the hook with this id where its path is not its secret.
    Hook(Cow<'a, str>),
    /// The health check.
    Health,
}

/// A path of the front door: requests are matched by these, and the API's document is made of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// `/health`.
    Health,
    /// `/webhook`: the hook whose path is empty.
    Root,
    /// `/webhook/{path…}`: the door that everyone should use.
    Webhook,
    /// `/api/webhooks/{path…}`, as the systems before it had it.
    Webhooks,
    /// `/api/webhook/{channel}`, as another one had it.
    Channel,
}

/// The methods of events and of handshakes.
const HOOK_METHODS: &[&str] = &["POST", "GET", "HEAD", "OPTIONS"];

impl Endpoint {
    /// Every endpoint.
    pub const ALL: [Self; 5] = [Self::Health, Self::Root, Self::Webhook, Self::Webhooks, Self::Channel];

    /// Where it is: a whole path, or the beginning of one, with the name of what follows.
    pub const fn path(self) -> (&'static str, Option<&'static str>) {
        match self {
            Self::Health => ("/health", None),
            Self::Root => ("/webhook", None),
            Self::Webhook => ("/webhook/", Some("path")),
            Self::Webhooks => ("/api/webhooks/", Some("path")),
            Self::Channel => ("/api/webhook/", Some("channel")),
        }
    }

    /// The methods that are promised there; the first is the one it is for.
    pub const fn methods(self) -> &'static [&'static str] {
        match self {
            Self::Health => &["GET"],
            Self::Root | Self::Webhook | Self::Webhooks => HOOK_METHODS,
            Self::Channel => &["POST"],
        }
    }

    /// Whether a request of this method is looked at. That is so of HEAD wherever GET is promised (RFC 9110, section
    /// 9.3.2); and of handshakes at each path of a hook, though a deployed stack has no route for those of a channel.
    pub fn takes(self, method: &str) -> bool {
        match self {
            Self::Health => matches!(method, "GET" | "HEAD"),
            Self::Root | Self::Webhook | Self::Webhooks | Self::Channel => HOOK_METHODS.contains(&method),
        }
    }

    /// The door at this endpoint, for a path in its one normal writing.
    fn door(self, path: &str) -> Option<Door<'_>> {
        let (start, parameter) = self.path();
        let rest = path.strip_prefix(start).filter(|rest| parameter.is_some() || rest.is_empty())?;
        Some(if self == Self::Health { Door::Health } else { Door::Hook(Cow::Borrowed(rest)) })
    }
}

impl<'a> Door<'a> {
    /// Reads a URL path, without its query; `None` where nothing of the front door is there.
    ///
    /// `/webhook/{path…}`, `/api/webhooks/{path…}` and `/api/webhook/{channel}` lead to the same doors. However a path is
    /// written, it is one path (RFC 3986, section 6): `%7E` is `~`, and slashes that are doubled or at its end change
    /// nothing. `%2F` is no separator, nothing is decoded twice, and a path with `.` or `..` for a part, with control
    /// characters or with bytes that are no text leads nowhere.
    pub fn at(url_path: &'a str) -> Option<(Endpoint, Self)> {
        match normal(url_path)? {
            Cow::Borrowed(path) => Self::of(path),
            Cow::Owned(path) => Door::of(&path).map(|(endpoint, door)| match door {
                Door::Hook(path) => (endpoint, Self::Hook(Cow::Owned(path.into_owned()))),
                Door::Health => (endpoint, Self::Health),
            }),
        }
    }

    /// Reads a path in its one normal writing.
    fn of(path: &'a str) -> Option<(Endpoint, Self)> {
        Endpoint::ALL.into_iter().find_map(|endpoint| Some((endpoint, endpoint.door(path)?)))
    }
}

/// A path in its one normal writing, without a slash at its end; `None` where it is none that leads anywhere.
fn normal(path: &str) -> Option<Cow<'_, str>> {
    let trimmed = path.strip_suffix('/').unwrap_or(path);
    let is_odd = trimmed.contains("//") || trimmed.contains("/.") || trimmed.contains('%');
    if !is_odd && !trimmed.ends_with('/') {
        return (!trimmed.contains(char::is_control)).then_some(Cow::Borrowed(trimmed));
    }
    let mut normal = String::with_capacity(path.len());
    for part in path.split('/').filter(|part| !part.is_empty()) {
        let decoded = percent::decoded(part.as_bytes());
        let decoded = std::str::from_utf8(&decoded).ok()?;
        if matches!(decoded, "." | "..") || decoded.contains(char::is_control) {
            return None;
        }
        normal.push('/');
        normal.push_str(&decoded.replace('/', "%2F"));
    }
    Some(Cow::Owned(normal))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Where a path leads, without its endpoint.
    fn at(path: &str) -> Option<Door<'_>> {
        Door::at(path).map(|(_, door)| door)
    }

    #[test]
    fn every_way_in_leads_to_its_door() {
        let hook = |endpoint, path: &'static str| Some((endpoint, Door::Hook(path.into())));
        for (path, door) in [
            ("/webhook", hook(Endpoint::Root, "")),
            ("/webhook/", hook(Endpoint::Root, "")),
            ("/webhook/github", hook(Endpoint::Webhook, "github")),
            ("/webhook/a/b/", hook(Endpoint::Webhook, "a/b")),
            ("/api/webhooks/github", hook(Endpoint::Webhooks, "github")),
            ("/api/webhook/deploys", hook(Endpoint::Channel, "deploys")),
            ("/health", Some((Endpoint::Health, Door::Health))),
            ("/healthy", None),
            ("/health/x", None),
            ("/api/webhooks", None),
            ("/api/webhook", None),
            ("/webhooks/x", None),
            ("/webhookx", None),
            ("/", None),
            ("", None),
        ] {
            assert_eq!(Door::at(path), door, "{path}");
        }
    }

    #[test]
    fn each_endpoint_takes_what_it_promises_and_little_besides() {
        let besides = |endpoint: Endpoint| {
            let all = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT", "get", ""];
            let taken = all.into_iter().filter(move |method| endpoint.takes(method));
            taken.filter(move |method| !endpoint.methods().contains(method)).collect::<Vec<_>>()
        };
        for endpoint in Endpoint::ALL {
            assert!(endpoint.methods().iter().all(|method| endpoint.takes(method)), "{endpoint:?}");
            let expected: &[&str] = match endpoint {
                Endpoint::Health => &["HEAD"],
                Endpoint::Channel => &["GET", "HEAD", "OPTIONS"],
                Endpoint::Root | Endpoint::Webhook | Endpoint::Webhooks => &[],
            };
            assert_eq!(besides(endpoint), expected, "{endpoint:?}");
        }
    }

    #[test]
    fn one_path_may_be_written_in_many_ways() {
        let to = |path: &str| Some(Door::Hook(path.to_owned().into()));
        for (path, door) in [
            ("/webhook/a~b", to("a~b")),
            ("/webhook/a%7Eb", to("a~b")),
            ("/webhook/a%7eb", to("a~b")),
            ("/webhook/%67ithub", to("github")),
            ("/%77ebhook/x", to("x")),
            ("/api/webhooks/g%69thub/", to("github")),
            ("//webhook/x", to("x")),
            ("/webhook//x", to("x")),
            ("///webhook///a//b///", to("a/b")),
            ("/webhook//", to("")),
            ("//webhook", to("")),
            ("//health", Some(Door::Health)),
            ("/webhook/a%2Fb", to("a%2Fb")),
            ("/webhook/a%2fb", to("a%2Fb")),
            ("/webhook%2Fx", None),
            ("/webhook/a%257Eb", to("a%7Eb")),
            ("/webhook/a%252Fb", to("a%2Fb")),
            ("/webhook/.hidden", to(".hidden")),
            ("/webhook/x.", to("x.")),
            ("/webhook/100%", to("100%")),
            ("/webhook/caf%C3%A9", to("café")),
            ("/webhook/caf%E9", None),
            ("/webhook/x%00", None),
            ("/webhook/x%0A", None),
            ("/webhook/x\u{7f}", None),
            ("/webhook/x%C2%85", None),
            ("/webhook/.", None),
            ("/webhook/./x", None),
            ("/webhook/a/../x", None),
            ("/webhook/%2e%2E/x", None),
            ("/api/../webhook/x", None),
            ("//", None),
            ("/webhook/x;y=1", to("x;y=1")),
            ("/webhook/x+y", to("x+y")),
        ] {
            assert_eq!(at(path), door, "{path}");
        }
    }
}

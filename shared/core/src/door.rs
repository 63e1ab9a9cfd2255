//! Which hook path a URL path names.

use std::borrow::Cow;

use crate::percent;

/// What stands at a URL path, seen from outside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Door<'a> {
    /// The door of the hooks at this path, or of the hook with this id where its path is not its secret.
    Hook(Cow<'a, str>),
    /// The health check.
    Health,
    /// Nothing of the ingress.
    Nowhere,
}

impl<'a> Door<'a> {
    /// Reads a URL path, without its query.
    ///
    /// `/webhook/{path…}`, `/api/webhooks/{path…}` and `/api/webhook/{channel}` lead to the same doors. However a path is
    /// written, it is one path (RFC 3986, section 6): `%7E` is `~`, and slashes that are doubled or at its end change
    /// nothing. `%2F` is no separator, nothing is decoded twice, and a path with `.` or `..` for a part, with control
    /// characters or with bytes that are no text leads nowhere.
    pub fn at(url_path: &'a str) -> Self {
        match normal(url_path) {
            None => Self::Nowhere,
            Some(Cow::Borrowed(path)) => Self::of(path),
            Some(Cow::Owned(path)) => match Door::of(&path) {
                Door::Hook(path) => Self::Hook(Cow::Owned(path.into_owned())),
                Door::Health => Self::Health,
                Door::Nowhere => Self::Nowhere,
            },
        }
    }

    /// Reads a path in its one normal writing.
    fn of(path: &'a str) -> Self {
        if path == "/health" {
            return Self::Health;
        }
        for prefix in ["/webhook", "/api/webhooks", "/api/webhook"] {
            if let Some(rest) = path.strip_prefix(prefix) {
                match rest.strip_prefix('/') {
                    Some(hook_path) => return Self::Hook(Cow::Borrowed(hook_path)),
                    None if rest.is_empty() && prefix == "/webhook" => return Self::Hook(Cow::Borrowed("")),
                    None => {}
                }
            }
        }
        Self::Nowhere
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

    #[test]
    fn every_way_in_leads_to_its_door() {
        for (path, door) in [
            ("/webhook", Door::Hook("".into())),
            ("/webhook/", Door::Hook("".into())),
            ("/webhook/github", Door::Hook("github".into())),
            ("/webhook/a/b/", Door::Hook("a/b".into())),
            ("/api/webhooks/github", Door::Hook("github".into())),
            ("/api/webhook/deploys", Door::Hook("deploys".into())),
            ("/health", Door::Health),
            ("/api/webhooks", Door::Nowhere),
            ("/api/webhook", Door::Nowhere),
            ("/webhooks/x", Door::Nowhere),
            ("/webhookx", Door::Nowhere),
            ("/", Door::Nowhere),
            ("", Door::Nowhere),
        ] {
            assert_eq!(Door::at(path), door, "{path}");
        }
    }

    #[test]
    fn one_path_may_be_written_in_many_ways() {
        let to = |path: &str| Door::Hook(path.to_owned().into());
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
            ("//health", Door::Health),
            ("/webhook/a%2Fb", to("a%2Fb")),
            ("/webhook/a%2fb", to("a%2Fb")),
            ("/webhook%2Fx", Door::Nowhere),
            ("/webhook/a%257Eb", to("a%7Eb")),
            ("/webhook/a%252Fb", to("a%2Fb")),
            ("/webhook/.hidden", to(".hidden")),
            ("/webhook/x.", to("x.")),
            ("/webhook/100%", to("100%")),
            ("/webhook/caf%C3%A9", to("café")),
            ("/webhook/caf%E9", Door::Nowhere),
            ("/webhook/x%00", Door::Nowhere),
            ("/webhook/x%0A", Door::Nowhere),
            ("/webhook/x\u{7f}", Door::Nowhere),
            ("/webhook/x%C2%85", Door::Nowhere),
            ("/webhook/.", Door::Nowhere),
            ("/webhook/./x", Door::Nowhere),
            ("/webhook/a/../x", Door::Nowhere),
            ("/webhook/%2e%2E/x", Door::Nowhere),
            ("/api/../webhook/x", Door::Nowhere),
            ("//", Door::Nowhere),
            ("/webhook/x;y=1", to("x;y=1")),
            ("/webhook/x+y", to("x+y")),
        ] {
            assert_eq!(Door::at(path), door, "{path}");
        }
    }
}

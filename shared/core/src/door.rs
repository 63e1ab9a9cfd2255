//! Which hook path a URL path names.

/// What stands at a URL path, seen from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Door<'a> {
    /// The door of the hooks at this path, or of the hook with this id.
    Hook(&'a str),
    /// The health check.
    Health,
    /// Nothing of the ingress.
    Nowhere,
}

impl<'a> Door<'a> {
    /// Reads a URL path, without its query.
    ///
    /// `/webhook/{path…}`, `/api/webhooks/{path…}` and `/api/webhook/{channel}` lead to the same doors; a slash at the end
    /// changes nothing.
    pub fn at(url_path: &'a str) -> Self {
        let path = url_path.strip_suffix('/').unwrap_or(url_path);
        if path == "/health" {
            return Self::Health;
        }
        for prefix in ["/webhook", "/api/webhooks", "/api/webhook"] {
            if let Some(rest) = path.strip_prefix(prefix) {
                match rest.strip_prefix('/') {
                    Some(hook_path) => return Self::Hook(hook_path),
                    None if rest.is_empty() && prefix == "/webhook" => return Self::Hook(""),
                    None => {}
                }
            }
        }
        Self::Nowhere
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_in_leads_to_its_door() {
        for (path, door) in [
            ("/webhook", Door::Hook("")),
            ("/webhook/", Door::Hook("")),
            ("/webhook/github", Door::Hook("github")),
            ("/webhook/a/b/", Door::Hook("a/b")),
            ("/api/webhooks/github", Door::Hook("github")),
            ("/api/webhook/deploys", Door::Hook("deploys")),
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
}

//! Whom a message names, and whom of them it calls.
//! Source: <https://discord.com/developers/docs/resources/message#allowed-mentions-object>.

use serde_json::Value;

/// The mentions of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mentions {
    /// All that stand in it: `@everyone`, `@here`, `<@123>`, `<@!123>`, `<@&123>`.
    pub named: Vec<String>,
    /// Those that call somebody, as far as they are allowed to.
    pub calls: Vec<String>,
}

impl Mentions {
    /// Reads a text; where nothing is said of what is allowed, everything is.
    pub(super) fn read(text: &str, allowed: Option<&Value>) -> Self {
        let mut mentions = Self::default();
        for (at, _) in text.match_indices(['@', '<']) {
            let rest = &text[at..];
            let plain = ["@everyone", "@here"].into_iter().find(|name| rest.starts_with(name));
            if let Some(name) = plain.map(str::to_owned).or_else(|| bracketed(rest)) {
                if is_allowed(&name, allowed) {
                    mentions.calls.push(name.clone());
                }
                mentions.named.push(name);
            }
        }
        mentions
    }
}

/// A mention of a user or a role at the beginning of a text.
fn bracketed(text: &str) -> Option<String> {
    let (inner, _) = text.strip_prefix("<@")?.split_once('>')?;
    let id = inner.strip_prefix(['!', '&']).unwrap_or(inner);
    let is_id = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| format!("<@{inner}>"))
}

/// Whether a mention may call whom it names.
fn is_allowed(name: &str, allowed: Option<&Value>) -> bool {
    let Some(allowed) = allowed else { return true };
    let lists = |field: &str, wanted: &str| {
        allowed[field].as_array().is_some_and(|list| list.iter().any(|one| one.as_str() == Some(wanted)))
    };
    let id = name.trim_matches(['<', '@', '!', '&', '>']);
    match name {
        "@everyone" | "@here" => lists("parse", "everyone"),
        role if role.starts_with("<@&") => lists("parse", "roles") || lists("roles", id),
        _ => lists("parse", "users") || lists("users", id),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Mentions;

    const TEXT: &str = "@everyone, @here; `<@12>` <@!13> <@&14> <#15> @you <@x> a@here.example";

    fn calls(allowed: Option<&Value>) -> usize {
        Mentions::read(TEXT, allowed).calls.len()
    }

    #[test]
    fn a_mention_calls_as_far_as_it_is_allowed_to() {
        let named = Mentions::read(TEXT, None).named;
        assert_eq!(named, ["@everyone", "@here", "<@12>", "<@!13>", "<@&14>", "@here"]);
        assert_eq!(calls(None), 6);
        for (allowed, count) in [
            (json!({"parse": []}), 0),
            (json!({}), 0),
            (json!({"parse": ["everyone"]}), 3),
            (json!({"parse": ["users"]}), 2),
            (json!({"parse": ["roles"]}), 1),
            (json!({"parse": [], "users": ["13"]}), 1),
            (json!({"parse": [], "roles": ["14"]}), 1),
        ] {
            assert_eq!(calls(Some(&allowed)), count, "{allowed}");
        }
    }
}

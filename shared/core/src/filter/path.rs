//! Where a plain condition's field is: `payload.list[0].x`, `payload.labels["app.kubernetes.io/name"]`, `headers.X-Env`.

use super::cel::{Exceeded, Kinds, Map, Meter, Root, Value, nearest, no_field};
use super::variables::Variables;

/// The longest path, in bytes.
const LONGEST: usize = 500;

/// The most steps of a path.
const MOST_STEPS: usize = 32;

/// A field's place.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Path {
    root: Root,
    steps: Vec<String>,
}

impl Path {
    /// Reads a path; the error says how it is written right.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("name a field: `payload.action`".to_owned());
        }
        if text.len() > LONGEST {
            return Err(format!("a field may be {LONGEST} bytes long, this one has {}", text.len()));
        }
        let mut steps = steps(text)?;
        if steps.len() > MOST_STEPS {
            return Err(format!("a field may have {MOST_STEPS} steps, this one has {}", steps.len()));
        }
        let first = steps.remove(0);
        let Some(root) = Root::named(&first) else {
            return Err(unknown(text, &first, &steps));
        };
        let path = Self { root, steps };
        path.problem().map_or(Ok(path), Err)
    }

    /// Why the path can never lead anywhere, if so.
    fn problem(&self) -> Option<String> {
        let variable = self.root.name();
        let rest = self.steps.join(".");
        match (self.root, self.steps.as_slice()) {
            (Root::Body, [_, ..]) => {
                Some(format!("`body` is a text and has no fields; did you mean `payload.{rest}`?"))
            }
            (root, [name, after @ ..]) => {
                let fields = root.fields()?;
                let Some((_, kinds)) = fields.iter().find(|(field, _)| field == name) else {
                    return Some(no_field(variable, name, fields));
                };
                let is_plain = !kinds.meets(Kinds::MAP) && !after.is_empty();
                is_plain.then(|| format!("`{variable}.{name}` is {} and has no fields", kinds.words()))
            }
            (Root::Payload | Root::Body, []) => None,
            (_, []) => Some(format!("`{variable}` has fields; name one of them: `{variable}.{}`", example(self.root))),
        }
    }

    /// What the value may be, as far as that is the same for all events.
    pub(super) fn kinds(&self) -> Kinds {
        match (self.root, self.steps.first()) {
            (Root::Body, _) => Kinds::TEXT,
            (Root::Headers, _) => Kinds::TEXT.or(Kinds::NULL),
            (root, Some(name)) => {
                let field = root.fields().and_then(|fields| fields.iter().find(|(field, _)| field == name));
                field.map_or(Kinds::ANY, |(_, kinds)| *kinds)
            }
            _ => Kinds::ANY,
        }
    }

    /// The value at the path; `None` where there is none, or null.
    pub(super) fn find<'v>(
        &self,
        variables: &'v Variables<'v>,
        meter: &'v Meter,
    ) -> Result<Option<Value<'v>>, Exceeded> {
        let found = match (self.root, self.steps.split_first()) {
            (root, None) => Some(variables.whole(root, meter)?),
            (Root::Payload | Root::Headers | Root::CloudEvent, _) => {
                walk(&variables.whole(self.root, meter)?, &self.steps, meter)?
            }
            (root, Some((name, rest))) => match variables.field(root, name, meter)? {
                Some(value) => walk(&value, rest, meter)?,
                None => None,
            },
        };
        Ok(found.filter(|value| !value.is_null()))
    }
}

/// The value at the end of the steps. Where a key is not there, several steps are tried as one key with dots in it.
fn walk<'v>(value: &Value<'v>, steps: &[String], meter: &Meter) -> Result<Option<Value<'v>>, Exceeded> {
    meter.step(1)?;
    let Some((first, rest)) = steps.split_first() else {
        return Ok(Some(value.clone()));
    };
    match value {
        Value::List(list) => match first.parse().ok().and_then(|index| list.get(index)) {
            Some(value) => walk(&value, rest, meter),
            None => Ok(None),
        },
        Value::Map(map) => {
            let plain = map.field(first).map_or(Ok(None), |value| walk(&value, rest, meter))?;
            plain.map_or_else(|| joined(map, steps, meter), |value| Ok(Some(value)))
        }
        _ => Ok(None),
    }
}

/// The value behind a key with dots in it, where one key alone leads to a value.
fn joined<'v>(map: &Map<'v>, steps: &[String], meter: &Meter) -> Result<Option<Value<'v>>, Exceeded> {
    let mut only = None;
    for count in 2..=steps.len() {
        let key = steps[..count].join(".");
        meter.step(1 + key.len())?;
        let Some(value) = map.field(&key) else { continue };
        if let Some(value) = walk(&value, &steps[count..], meter)?
            && only.replace(value).is_some()
        {
            return Ok(None);
        }
    }
    Ok(only)
}

/// Takes a path apart into its steps, of which there is one at least.
fn steps(text: &str) -> Result<Vec<String>, String> {
    let mut steps = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let name = &rest[..end];
        let is_first = steps.is_empty();
        if name.is_empty() && (is_first || !rest.starts_with('[')) {
            return Err(format!("`{text}` has an empty step; write it like `payload.repository.name`"));
        }
        if name.contains([']', '"', '\'']) || name.trim() != name {
            return Err(format!("`{text}` is no field; a key with odd characters stands in `[\"…\"]`"));
        }
        if !name.is_empty() {
            steps.push(name.to_owned());
        }
        rest = &rest[end..];
        while let Some(inner) = rest.strip_prefix('[') {
            let (step, after) = bracketed(inner).ok_or_else(|| {
                format!(
                    "`{text}` has a bracket that holds neither a place in a list nor a key: write `[0]` or `[\"key\"]`"
                )
            })?;
            steps.push(step);
            rest = after;
        }
        match rest.strip_prefix('.') {
            Some(after) => rest = after,
            None if rest.is_empty() => return Ok(steps),
            None => return Err(format!("`{text}` lacks a dot behind `]`")),
        }
    }
}

/// Reads what stands in brackets, behind the opening one: a place or a quoted key; with what follows the closing one.
fn bracketed(inner: &str) -> Option<(String, &str)> {
    if let Some(quote) = inner.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        let (key, after) = inner[1..].split_once(quote)?;
        return Some((key.to_owned(), after.strip_prefix(']')?));
    }
    let (place, after) = inner.split_once(']')?;
    place.parse::<usize>().ok().map(|place| (place.to_string(), after))
}

/// What to say of a path that begins with no variable.
fn unknown(text: &str, first: &str, steps: &[String]) -> String {
    let known = Root::ALL.map(|(name, _)| name);
    let rest = || text.trim_start_matches(first);
    if first == "$" && !steps.is_empty() {
        return format!("`{text}` begins with no variable; did you mean `payload{}`?", rest());
    }
    match nearest(first, known) {
        Some(near) => format!("`{text}` begins with no variable; did you mean `{near}{}`?", rest()),
        None => format!(
            "`{text}` begins with no variable; did you mean `payload.{text}`? A condition knows {}",
            known.join(", ")
        ),
    }
}

/// A field of a variable, to show how one is named.
fn example(root: Root) -> &'static str {
    match root {
        Root::Headers => "user-agent",
        Root::Hook => "name",
        Root::Webhook => "method",
        _ => "type",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        for (text, steps) in [
            ("payload", &[][..]),
            ("payload.a.0.b", &["a", "0", "b"]),
            ("payload.a[0].b", &["a", "0", "b"]),
            ("payload[1][\"a.b\"]", &["1", "a.b"]),
            ("payload['it']['x y']", &["it", "x y"]),
            ("payload.app-x", &["app-x"]),
            (" headers.User-Agent ", &["User-Agent"]),
        ] {
            assert_eq!(Path::read(text).map(|path| path.steps), Ok(steps.iter().map(|s| (*s).to_owned()).collect()));
        }
    }

    #[test]
    fn paths_that_lead_nowhere_say_where_to() {
        for (text, what) in [
            ("", "payload.action"),
            ("action", "did you mean `payload.action`?"),
            ("repository.name", "did you mean `payload.repository.name`?"),
            ("$.action", "did you mean `payload.action`?"),
            ("$", "payload.$"),
            ("body.action", "did you mean `payload.action`?"),
            ("paylod.action", "did you mean `payload.action`?"),
            ("header.x-env", "did you mean `headers.x-env`?"),
            ("event.typ", "did you mean `type`?"),
            ("hook.sendr", "did you mean `sender`?"),
            ("webhook.headers", "there are body, path, method"),
            ("event", "name one of them: `event.type`"),
            ("headers", "`headers.user-agent`"),
            ("event.type.x", "has no fields"),
            ("payload..a", "empty step"),
            ("payload.", "empty step"),
            (".payload", "empty step"),
            ("payload.a[b]", "write `[0]` or"),
            ("payload.a[*].b", "write `[0]` or"),
            ("payload.a[0", "write `[0]` or"),
            ("payload.a[0]b", "lacks a dot"),
            ("payload. a", "odd characters"),
            (&"payload.a".repeat(60), "500 bytes"),
            (&format!("payload{}", ".a".repeat(40)), "32 steps"),
        ] {
            let problem = Path::read(text).expect_err(text);
            assert!(problem.contains(what), "{text}: {problem}");
        }
    }
}

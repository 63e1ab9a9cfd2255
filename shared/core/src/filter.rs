//! Which events a hook lets through.

mod check;
mod condition;

pub use check::{Check, Operator};
pub use condition::{BadCondition, Condition};

/// Whether an event type passes a hook's list of patterns; an empty list lets everything through.
///
/// In a pattern `*` stands for any run of characters; everything else stands for itself. An event without a type passes
/// only an empty list, or the pattern `*`.
pub fn type_passes(patterns: &[String], event_type: Option<&str>) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| glob(pattern, event_type.unwrap_or_default()))
}

/// Whether `text` matches `pattern`, in time proportional to both lengths multiplied.
fn glob(pattern: &str, text: &str) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut p, mut t) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(byte) if *byte == text[t] => {
                p += 1;
                t += 1;
            }
            // No match here: let the last star swallow one more byte.
            _ => match star {
                Some((at, from)) => {
                    star = Some((at, from + 1));
                    p = at + 1;
                    t = from + 1;
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_whole_types() {
        for (pattern, text, passes) in [
            ("push", "push", true),
            ("push", "pushed", false),
            ("issue*", "issues", true),
            ("issue*", "issue", true),
            ("*.paid", "invoice.paid", true),
            ("invoice.*.x", "invoice.paid", false),
            ("a*b*c", "aXbYbZc", true),
            ("a*b*c", "aXbYbZ", false),
            ("*", "", true),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(glob(pattern, text), passes, "{pattern} on {text}");
        }
    }

    #[test]
    fn an_empty_list_lets_everything_through() {
        assert!(type_passes(&[], None));
        assert!(!type_passes(&["push".to_owned()], None));
        assert!(type_passes(&["x".to_owned(), "push".to_owned()], Some("push")));
    }
}

//! What messages say: a template of the action's own in a markup of its choice, or the sender's own text.

use serde::{Deserialize, Serialize};

use super::Check;
use crate::markup::{self, Length, Markup};
use crate::template::{Escape, Template};

/// A template of an action's own, and the markup that it is written in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextRule {
    /// The template.
    pub template: String,
    /// The markup.
    pub markup: Markup,
}

/// A message's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    /// The text.
    pub(super) text: String,
    /// The markup that it is written in.
    pub(super) markup: Markup,
    /// Why the action's own template was not used, for people.
    pub(super) trouble: Option<String>,
}

impl TextRule {
    /// Checks what was written in `template` and `markup`, which is one of these, the first unless said; `Some(None)` where
    /// there is no template.
    pub(super) fn check(
        template: Option<&String>,
        markup: Option<Markup>,
        known: &[Markup],
        check: &mut Check<'_>,
    ) -> Option<Option<Self>> {
        let (markup, is_said) = (markup.or(known.first().copied()).unwrap_or(Markup::Plain), markup.is_some());
        if !known.contains(&markup) {
            let known: Vec<_> = known.iter().map(|markup| format!("`{}`", markup.as_str())).collect();
            check.add("markup", format!("this kind cannot show `{}`; it shows {}", markup.as_str(), known.join(", ")));
            return None;
        }
        let Some(template) = template else {
            if is_said {
                check.add("markup", "there is no `template` that it could be of: write one, or leave it out");
            }
            return Some(None);
        };
        let compiled = Template::compile(template, markup.escape()).and_then(|_| markup::check(markup, template));
        check.take("template", compiled)?;
        Some(Some(Self { template: template.clone(), markup }))
    }

    /// Its template, with its field.
    pub(super) fn template(&self) -> (String, &str, Escape) {
        ("template".to_owned(), &self.template, self.markup.escape())
    }
}

impl Said {
    /// The text in parts of a length, in a markup that it can be shown in.
    pub(super) fn parts(&self, to: Markup, length: Length) -> Vec<String> {
        markup::parts(&self.text, self.markup, to, length)
    }
}

/// A text on one line of so many characters at most; whatever breaks or turns a line is a space.
pub(super) fn one_line(text: &str, most: usize) -> String {
    let breaks = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let words: Vec<_> = text.split(breaks).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    match line.char_indices().nth(most) {
        None => line,
        Some(_) => line.chars().take(most - 1).chain(['…']).collect(),
    }
}

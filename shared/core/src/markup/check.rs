//! Finds markup in a template that its sink would show as it stands, so that it is refused when the hook is saved.
//!
//! Only what the template itself says is looked at, with a hole where an expression will write.

use super::Markup;
use super::native::FENCE;
use crate::telegram::html::{HOLE, is_tag_name};
use crate::template::{BadTemplate, Literal, check_tags, line_at};

/// What a link may lead to, as it is written.
const SCHEMES: [&str; 4] = ["http://", "https://", "mailto:", "tel:"];

/// Refuses a template that its markup cannot read: says the line, what is wrong there and how to mend it.
///
/// The template must compile. In plain text everything is read as it stands.
pub fn check(markup: Markup, source: &str) -> Result<(), BadTemplate> {
    if markup == Markup::Html {
        return check_tags(source);
    }
    if markup == Markup::Plain {
        return Ok(());
    }
    let literal = Literal::of(source);
    check_fences(&literal)?;
    let mut place = Place { text: &literal.text, at: 0, code: None };
    while let Some(what) = place.next(markup) {
        if let Some(what) = what {
            return Err(BadTemplate { line: line_at(&literal.text, place.at), what });
        }
    }
    Ok(())
}

/// A place in a template's text.
struct Place<'a> {
    text: &'a str,
    at: usize,
    /// The backticks that end the code in which it is.
    code: Option<&'a str>,
}

/// Refuses code that surely does not end: whatever branches the way takes, it passes an odd number of fences.
fn check_fences(literal: &Literal) -> Result<(), BadTemplate> {
    let fences = literal.text.match_indices(FENCE).map(|(at, _)| at).collect::<Vec<_>>();
    match fences.last() {
        Some(last) if fences.len() % 2 == 1 && fences.iter().all(|at| literal.depth_at(*at) == 0) => {
            let what = format!("the code that {FENCE} begins does not end: write {FENCE} after it");
            Err(BadTemplate { line: line_at(&literal.text, *last), what })
        }
        _ => Ok(()),
    }
}

impl<'a> Place<'a> {
    /// Looks at what begins at the next mark, and tells what is wrong with it; `None` at the end.
    fn next(&mut self, markup: Markup) -> Option<Option<String>> {
        // Where something was found to be right, the next look begins behind its first character.
        let begin = self.at + self.text[self.at..].find(['`', '<', '*', '[', '\\'])?;
        let rest = &self.text[begin..];
        self.at = begin + 1;
        if rest.starts_with('`') {
            let run = &rest[..rest.len() - rest.trim_start_matches('`').len()];
            self.at = begin + run.len();
            // Within a line, code that does not end is none.
            let ends = |run: &str| run.len() >= FENCE.len() || line_of(&rest[run.len()..]).contains(run);
            match self.code {
                Some(open) if open == run => self.code = None,
                None if ends(run) => self.code = Some(run),
                _ => {}
            }
            return Some(None);
        }
        if rest.starts_with('\\') && markup == Markup::Markdown {
            self.at += rest[1..].chars().next().map_or(0, char::len_utf8);
            return Some(None);
        }
        let wrong = match markup {
            Markup::Mrkdwn => self.wrong_mrkdwn(rest),
            _ if self.code.is_some() => None,
            _ => wrong_markdown(rest),
        };
        if wrong.is_some() {
            self.at = begin;
        }
        Some(wrong)
    }

    /// What is wrong for Slack with what begins here.
    fn wrong_mrkdwn(&self, rest: &str) -> Option<String> {
        if rest.starts_with('<') {
            return wrong_angle(rest);
        }
        if self.code.is_some() {
            return None;
        }
        if rest.starts_with("**") && is_paired(rest, "**") {
            return Some("`**…**` is Markdown's; Slack's bold is `*…*`".to_owned());
        }
        let is_link = rest.starts_with('[') && is_masked_link(rest);
        is_link.then(|| "`[label](url)` is Markdown's; Slack's link is `<url|label>`".to_owned())
    }
}

/// What is wrong for Slack with a `<`.
fn wrong_angle(rest: &str) -> Option<String> {
    let inner = &rest[1..];
    let special =
        ["!here", "!channel", "!everyone", "!subteam^", "!date^"].iter().any(|known| inner.starts_with(known));
    let mentions = special || ["@", "#"].iter().any(|mark| inner.strip_prefix(*mark).is_some_and(begins_name));
    if inner.strip_prefix('!').unwrap_or(inner).starts_with(HOLE) {
        return None;
    }
    if mentions || SCHEMES.iter().any(|scheme| inner.starts_with(scheme)) {
        let is_closed = line_of(inner).contains('>') || inner.contains(HOLE);
        return (!is_closed).then(|| "what `<` begins has no `>` at its end".to_owned());
    }
    if let Some(name) = tag_name(rest) {
        return Some(format!(
            "Slack knows no tags such as `<{name}>`: {}, or say `markup = \"html\"`",
            instead(name, true)
        ));
    }
    Some("a `<` that begins neither a link, as in `<https://example.com|label>`, nor a mention is to be written as `&lt;`".to_owned())
}

/// What is wrong for Discord with what begins here.
fn wrong_markdown(rest: &str) -> Option<String> {
    if !rest.starts_with('<') {
        return None;
    }
    let inner = line_of(&rest[1..]);
    let inner = inner.split_once('>').map_or(inner, |(inner, _)| inner);
    let leads = SCHEMES.iter().any(|scheme| inner.starts_with(scheme)) || inner.starts_with(HOLE);
    if leads && inner.contains('|') {
        return Some("`<url|label>` is Slack's; Discord's link is `[label](url)`".to_owned());
    }
    let name = tag_name(rest).filter(|name| is_tag_name(name))?;
    Some(format!("Discord knows no tags such as `<{name}>`: {}, or say `markup = \"html\"`", instead(name, false)))
}

/// The name of the tag of HTML that a text begins with.
fn tag_name(rest: &str) -> Option<&str> {
    let inner = &rest[1..];
    let inner = inner.strip_prefix('/').unwrap_or(inner);
    let end = inner.find(|c: char| !c.is_ascii_alphanumeric() && c != '-')?;
    let (name, after) = inner.split_at(end);
    let is_tag = name.starts_with(|c: char| c.is_ascii_alphabetic()) && after.starts_with(['>', '/', ' ', '\n', HOLE]);
    (is_tag && inner.contains('>')).then_some(name)
}

/// What to write instead of a tag.
fn instead(name: &str, is_slack: bool) -> &'static str {
    match (name.to_ascii_lowercase().as_str(), is_slack) {
        ("i" | "em", true) => "write `_italic_`",
        ("i" | "em", false) => "write `*italic*`",
        ("s" | "strike" | "del", true) => "write `~struck~`",
        ("s" | "strike" | "del", false) => "write `~~struck~~`",
        ("u" | "ins", false) => "write `__underlined__`",
        ("span" | "tg-spoiler", false) => "write `||hidden||`",
        ("code", _) => "write `` `code` ``",
        ("pre", _) => "write ``` before and after code",
        ("a", true) => "write `<url|label>`",
        ("a", false) => "write `[label](url)`",
        ("blockquote", _) => "write `> ` before each line",
        ("br" | "p" | "div" | "li", _) => "a line break in the template is one in the message",
        ("b" | "strong", false) => "write `**bold**`",
        ("b" | "strong", true) => "write `*bold*`",
        (_, true) => "write `*bold*`, `_italic_` or `<url|label>`",
        (_, false) => "write `**bold**`, `*italic*` or `[label](url)`",
    }
}

/// Whether a pair of marks stands around something in this line.
fn is_paired(rest: &str, mark: &str) -> bool {
    let inner = line_of(&rest[mark.len()..]);
    let end = inner.find(mark).unwrap_or_default();
    end > 0 && !inner.starts_with([' ', '*']) && !inner[..end].ends_with(' ')
}

/// Whether a link of Markdown begins here.
fn is_masked_link(rest: &str) -> bool {
    let address = line_of(rest).split_once("](").map(|(_, address)| address.trim_start_matches('<'));
    address.is_some_and(|address| address.starts_with(HOLE) || SCHEMES.iter().any(|scheme| address.starts_with(scheme)))
}

/// Whether the name of somebody or of a channel begins here.
fn begins_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == HOLE)
}

/// What is left of the line.
fn line_of(text: &str) -> &str {
    text.split_once('\n').map_or(text, |(line, _)| line)
}

//! HTML of mails.

use super::lines::{Line, Span, lines};
use super::read::{self, Style};
use super::url::{self, Target};
use crate::telegram::html::escape;

/// The styles that HTML has a tag for.
const TAGS: [(Style, &str); 5] =
    [(Style::BOLD, "b"), (Style::ITALIC, "i"), (Style::UNDERLINE, "u"), (Style::STRIKE, "s"), (Style::CODE, "code")];

/// A text in Telegram's HTML as the HTML of a mail (`text/html`), without `<html>` around it.
///
/// Lines end with `<br>`, quotations and code are blocks, links lead to the web or to a mail address, and nothing else is in
/// it: no script, no style, no picture. A spoiler is shown. HTML that Telegram would refuse is the text that it shows.
pub fn mail_html(html: &str) -> String {
    let marked = read::html(html.trim());
    let lines = lines(&marked, 0..marked.text.len());
    let (mut out, mut open) = (String::with_capacity(html.len() + 16), "");
    for line in &lines {
        let block = match line {
            Line::Code(..) => "",
            Line::Text(true, _) => "blockquote",
            Line::Text(false, _) => "p",
        };
        if block == open && !block.is_empty() {
            out.push_str("<br>\n");
        } else {
            turn(&mut out, open, block);
            open = block;
        }
        match line {
            Line::Code(_, code) => {
                out.push_str(&format!("<pre>{}</pre>\n", escape(code.trim_matches('\n'))));
            }
            Line::Text(_, spans) => spans.iter().for_each(|span| write_span(&mut out, span)),
        }
    }
    turn(&mut out, open, "");
    out
}

/// Closes one block and opens another; no name is no block.
fn turn(out: &mut String, closed: &str, opened: &str) {
    if !closed.is_empty() {
        out.push_str(&format!("</{closed}>\n"));
    }
    if !opened.is_empty() {
        out.push_str(&format!("<{opened}>"));
    }
}

/// Writes some characters.
fn write_span(out: &mut String, span: &Span<'_>) {
    if let Some(target) = span.link {
        let scheme = if matches!(target, Target::Mail(_)) { "mailto:" } else { "" };
        out.push_str(&format!("<a href=\"{scheme}{}\">", escape(&url::encoded(target.shown(), &[], &[]))));
    }
    let tags = TAGS.iter().filter(|(style, _)| span.style.has(*style));
    tags.clone().for_each(|(_, tag)| out.push_str(&format!("<{tag}>")));
    out.push_str(&escape(span.text));
    tags.rev().for_each(|(_, tag)| out.push_str(&format!("</{tag}>")));
    if span.link.is_some() {
        out.push_str("</a>");
    }
}

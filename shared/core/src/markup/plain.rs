//! Nothing but text.

use super::lines::{self, Line, Span, ends_line};

/// Writes lines as text, with the address of a link behind its label unless the label is the address.
pub(super) fn write(lines: &[Line<'_>]) -> String {
    let spans = |out: &mut String, spans: &[Span<'_>]| spans.iter().for_each(|span| write_span(out, span));
    lines::write(lines, "", |_, code| code.trim_matches(ends_line).to_owned(), spans)
}

/// Writes some characters.
fn write_span(out: &mut String, span: &Span<'_>) {
    out.push_str(span.text);
    if let Some(target) = span.link.filter(|target| !span.text.contains(target.shown())) {
        out.push_str(&format!(" ({})", target.shown()));
    }
}

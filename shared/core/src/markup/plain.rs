//! Nothing but text.

use super::lines::{Line, Span};

/// Writes lines as text, with the address of a link behind its label unless the label is the address.
pub(super) fn write(lines: &[Line<'_>]) -> String {
    let mut out = String::new();
    for (at, line) in lines.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        match line {
            Line::Code(_, code) => out.push_str(code.trim_matches('\n')),
            Line::Text(_, spans) => spans.iter().for_each(|span| write_span(&mut out, span)),
        }
    }
    out
}

/// Writes some characters.
fn write_span(out: &mut String, span: &Span<'_>) {
    out.push_str(span.text);
    if let Some(target) = span.link.filter(|target| !span.text.contains(target.shown())) {
        out.push_str(&format!(" ({})", target.shown()));
    }
}

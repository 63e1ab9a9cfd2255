//! Cutting a text into parts that fit once they are written.

use std::ops::Range;

use super::lines::lines;
use super::read::{Marked, plain};
use super::{Length, Markup, markdown, mrkdwn, plain as text};
use crate::telegram::{ranges, shows_nothing, units};

/// Cuts a text into parts of a markup other than HTML.
pub(super) fn parts(marked: &Marked, to: Markup, length: Length) -> Vec<String> {
    let mut parts = Vec::new();
    for range in ranges(&marked.text, length.most) {
        push(&mut parts, marked, range, length.most, to, length);
    }
    parts
}

/// Writes a stretch of a text of at most `limit` units, in as many parts as it takes.
fn push(parts: &mut Vec<String>, marked: &Marked, range: Range<usize>, limit: usize, to: Markup, length: Length) {
    let written = write(marked, range.clone(), to);
    let taken = length.of(&written);
    if taken <= length.most {
        parts.extend(Some(written).filter(|written| !shows_nothing(written)));
        return;
    }
    let text = &marked.text[range.clone()];
    let limit = limit.min(units(text));
    let smaller = (limit.saturating_mul(length.most) / taken).min(limit.saturating_mul(3) / 4);
    if limit <= 2 || smaller < 2 {
        // One character, whose marks and link are too long.
        let bare = plain(text);
        parts.push(write(&bare, 0..bare.text.len(), to));
        return;
    }
    for inner in ranges(text, smaller) {
        push(parts, marked, range.start + inner.start..range.start + inner.end, smaller, to, length);
    }
}

/// Writes a stretch of a text.
fn write(marked: &Marked, range: Range<usize>, to: Markup) -> String {
    let lines = lines(marked, range);
    match to {
        Markup::Mrkdwn => mrkdwn::write(&lines),
        Markup::Markdown => markdown::write(&lines),
        Markup::Html | Markup::Plain => text::write(&lines),
    }
}

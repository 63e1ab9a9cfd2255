//! What is seen of a text: its characters, each with the marks that it has.

use crate::markup::read::Style;
use crate::telegram::html::{self, Tag};
use crate::telegram::is_blank;

/// A block that a character stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Block {
    #[default]
    Text,
    Quote,
    Code,
}

/// The marks of a character.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Marks {
    pub style: Style,
    pub link: Option<String>,
    pub block: Block,
}

/// A character that a reader shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    pub c: char,
    pub marks: Marks,
}

/// What a reader makes of a text.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    pub seen: Vec<Seen>,
    /// What would call somebody, lead to a channel or show something else than text.
    pub mentions: Vec<String>,
    /// Headings, lists and what else nobody wrote.
    pub leaks: Vec<String>,
}

impl Reading {
    /// Shows a character.
    pub(super) fn push(&mut self, c: char, marks: &Marks) {
        self.seen.push(Seen { c, marks: marks.clone() });
    }

    /// Shows a text.
    pub(super) fn push_all(&mut self, text: &str, marks: &Marks) {
        text.chars().for_each(|c| self.push(c, marks));
    }
}

/// A style with another in it.
pub(super) fn with(style: Style, other: Style) -> Style {
    Style::EVERY.without(Style::EVERY.without(style).without(other))
}

/// A character that has to be seen, with the marks that it must have and those that it may have.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    pub c: char,
    pub least: Style,
    pub most: Style,
    pub link: Option<String>,
    pub block: Block,
    /// The number of its line.
    pub line: usize,
}

/// Which forms a markup has.
#[derive(Debug, Clone, Copy)]
pub(super) struct Forms {
    /// The styles that it lacks.
    pub lacks: Style,
    /// Whether it takes each label of a link.
    pub takes_label: fn(&str) -> bool,
    /// Whether a mark within characters that are set apart by the same ends them.
    pub is_ended_by_itself: bool,
    /// Whether a link may lead to a mail address.
    pub has_mail: bool,
}

/// What has to be seen of HTML in a markup, worked out from the tags alone.
pub(super) fn expected(source: &str, forms: Forms) -> Vec<Expected> {
    let parsed = html::parse(source).unwrap();
    let mut open: Vec<(&str, &str)> = Vec::new();
    let mut marks = parsed.tags.iter().peekable();
    let mut seen: Vec<Expected> = Vec::new();
    // The number of the link of each character, and of its line.
    let (mut numbers, mut number, mut line) = (Vec::new(), 0, 0);
    for (at, c) in parsed.text.char_indices() {
        while let Some(mark) = marks.next_if(|mark| mark.at <= at) {
            let (Tag::Open { name, .. } | Tag::Close { name }) = &mark.tag;
            number += usize::from(*name == "a");
            match &mark.tag {
                Tag::Open { name, source } => open.push((name, source)),
                Tag::Close { .. } => drop(open.pop()),
            }
        }
        line += usize::from(super::super::lines::ends_line(c));
        let has = |names: &[&str]| open.iter().any(|(name, _)| names.contains(name));
        let styles = [
            (Style::BOLD, &["b", "strong"][..]),
            (Style::ITALIC, &["i", "em"]),
            (Style::UNDERLINE, &["u", "ins"]),
            (Style::STRIKE, &["s", "strike", "del"]),
            (Style::SPOILER, &["span", "tg-spoiler"]),
            (Style::CODE, &["code"]),
        ];
        let style = styles.into_iter().filter(|(_, names)| has(names));
        let style = style.fold(Style::default(), |style, (one, _)| with(style, one)).without(forms.lacks);
        let address = open.iter().rev().find(|(name, _)| *name == "a");
        let address = address.and_then(|(_, source)| html::attribute(source, "href"));
        let leads = |address: &String| {
            ["http://", "https://"].iter().any(|scheme| address.starts_with(scheme) && address.len() > scheme.len())
                || (address.starts_with("mailto:") && address.contains('@'))
        };
        let link = address.filter(leads);
        let (style, link, block) = if has(&["pre"]) {
            (Style::default(), None, Block::Code)
        } else {
            (style, link, if has(&["blockquote"]) { Block::Quote } else { Block::Text })
        };
        line += usize::from(seen.last().is_some_and(|last| last.block != block));
        numbers.push(link.as_ref().map(|_| (number, line)));
        seen.push(Expected { c, least: style, most: style, link, block, line });
    }
    soften(&mut seen);
    if forms.is_ended_by_itself {
        soften_lines(&mut seen);
    }
    label(seen, &numbers, forms)
}

/// Code with a mark in it cannot be marked as such everywhere, and has no other marks then.
fn soften(seen: &mut [Expected]) {
    let runs = seen.chunk_by_mut(|a, b| a.most.has(Style::CODE) && b.most.has(Style::CODE));
    for run in runs.filter(|run| run[0].most.has(Style::CODE)) {
        let is_hard = run.iter().any(|one| matches!(one.c, '*' | '_' | '~' | '|' | '`' | '｀'));
        run.iter_mut().filter(|_| is_hard).for_each(|one| one.least = Style::default());
    }
}

/// What holds a mark cannot be set apart by the same: so a line that holds one need not have it.
fn soften_lines(seen: &mut [Expected]) {
    const MARKS: [(Style, [char; 2]); 3] =
        [(Style::BOLD, ['*', '＊']), (Style::ITALIC, ['_', '＿']), (Style::STRIKE, ['~', '～'])];
    for line in seen.chunk_by_mut(|a, b| a.line == b.line) {
        for (style, marks) in MARKS {
            let leads = |one: &Expected| one.link.as_ref().is_some_and(|link| link.contains(marks[0]));
            let is_held = line.iter().any(|one| marks.contains(&one.c) || leads(one));
            line.iter_mut().filter(|_| is_held).for_each(|one| one.least = one.least.without(style));
        }
    }
}

/// A label has the marks that all of it has; where the markup does not take it, the address stands behind it.
fn label(seen: Vec<Expected>, numbers: &[Option<(usize, usize)>], forms: Forms) -> Vec<Expected> {
    let mut labelled = Vec::new();
    let mut rest = seen.into_iter().zip(numbers).peekable();
    while let Some((first, number)) = rest.next() {
        let mut run = vec![first];
        while let Some((next, _)) = rest.next_if(|(_, other)| number.is_some() && *other == number) {
            run.push(next);
        }
        let Some(address) = run[0].link.clone() else {
            labelled.extend(run);
            continue;
        };
        let label: String = run.iter().map(|one| one.c).collect();
        let label = label.trim_matches(super::super::lines::is_gap);
        let least = run.iter().fold(Style::EVERY, |style, one| style.and(one.least));
        let mail = address.strip_prefix("mailto:");
        let shown = mail.unwrap_or(&address);
        let is_link = label != shown && if mail.is_some() { forms.has_mail } else { (forms.takes_label)(label) };
        // An address that leads to itself is no code, so that it can be clicked.
        let least = if label == shown { least.without(Style::CODE) } else { least };
        for one in &mut run {
            one.least = least;
            one.link = one.link.take().filter(|_| is_link);
        }
        let bare = Expected { least: Style::default(), most: Style::EVERY, link: None, ..run[0].clone() };
        let is_said = if mail.is_some() { label.contains(shown) } else { label == shown };
        let is_said = is_said || label.chars().all(is_blank) || is_link;
        labelled.extend(run);
        if !is_said {
            labelled.extend(format!("({shown})").chars().map(|c| Expected { c, ..bare.clone() }));
        }
    }
    labelled
}

/// Fails unless a reader sees what it should: the same characters, space aside, with the marks that they must have.
pub(super) fn assert_seen(expected: &[Expected], readings: &[Reading], about: &str) {
    for reading in readings {
        assert!(reading.mentions.is_empty(), "{:?} in {about}", reading.mentions);
        assert!(reading.leaks.is_empty(), "{:?} in {about}", reading.leaks);
    }
    let seen = readings.iter().flat_map(|reading| reading.seen.iter().cloned()).filter(|one| !is_blank(one.c));
    let seen = decoded(seen.collect(), |one: &mut Seen| &mut one.c);
    let expected =
        decoded(expected.iter().filter(|one| !is_blank(one.c)).cloned().collect(), |one: &mut Expected| &mut one.c);
    let texts =
        (seen.iter().map(|one| one.c).collect::<String>(), expected.iter().map(|one| one.c).collect::<String>());
    assert_eq!(texts.0, texts.1, "{about}");
    for (at, (one, expected)) in seen.iter().zip(&expected).enumerate() {
        let Marks { style, link, block } = &one.marks;
        let place = || format!("{:?} at {at} ({}) of {about}: {:?}, not {expected:?}", one.c, texts.0, one.marks);
        assert!(style.has(expected.least) && expected.most.has(*style), "{}", place());
        assert_eq!(link.as_deref().map(address), expected.link.as_deref().map(address), "{}", place());
        assert_eq!(*block, expected.block, "{}", place());
    }
}

/// An address without what percent-encoding makes of it.
pub(super) fn address(text: &str) -> Vec<u8> {
    let text = text.trim();
    let (mut out, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, tail)) = rest.split_first() {
        let hex = (*first == b'%')
            .then(|| std::str::from_utf8(tail.get(..2)?).ok().and_then(|hex| u8::from_str_radix(hex, 16).ok()));
        match hex.flatten() {
            Some(byte) => {
                out.push(byte);
                rest = &tail[2..];
            }
            None => {
                out.push(*first);
                rest = tail;
            }
        }
    }
    out
}

/// Characters of addresses as they were before they were percent-encoded.
fn decoded<T: Clone>(seen: Vec<T>, c: fn(&mut T) -> &mut char) -> Vec<T> {
    let mut out = Vec::with_capacity(seen.len());
    let mut at = 0;
    while at < seen.len() {
        let hex: String = seen[at..].iter().take(3).map(|one| *c(&mut one.clone())).collect();
        let byte = hex.strip_prefix('%').filter(|hex| hex.len() == 2 && hex.is_ascii());
        let byte = byte
            .and_then(|hex| u8::from_str_radix(hex, 16).ok())
            .filter(|byte| byte.is_ascii_punctuation() || *byte == b' ');
        let mut one = seen[at].clone();
        at += 1;
        if let Some(byte) = byte {
            *c(&mut one) = char::from(byte);
            at += 2;
        }
        if byte != Some(b' ') {
            out.push(one);
        }
    }
    out
}

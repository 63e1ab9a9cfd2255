//! The text of Atlassian's documents, in which Jira keeps comments and descriptions.
//!
//! Source: developer.atlassian.com/cloud/jira/platform/apis/document/structure

use minijinja::value::ValueKind;
use minijinja::{State, Value};

use super::wording::when;
use super::{shown, text};

/// How deep a document may nest; what is deeper is left out.
const DEEPEST: usize = 64;

/// The text of an Atlassian document, a line per paragraph; a text is itself, and anything else is nothing.
pub(super) fn plain(state: &State<'_, '_>, value: &Value) -> String {
    match value.kind() {
        ValueKind::String => shown(state, value).into_owned(),
        ValueKind::Map => {
            let mut out = String::new();
            write(value, &mut out, 0);
            out.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

/// Writes one node and what it holds.
fn write(node: &Value, out: &mut String, depth: usize) {
    if depth > DEEPEST {
        return;
    }
    let kind = field(node, "type");
    match text(&kind).as_ref() {
        "text" => out.push_str(&text(&field(node, "text"))),
        "hardBreak" | "rule" => out.push('\n'),
        "mention" => out.push_str(&with_mark('@', &attribute(node, &["text", "id"]))),
        "emoji" => out.push_str(&attribute(node, &["text", "shortName"])),
        "status" | "placeholder" => out.push_str(&attribute(node, &["text"])),
        "date" => out.push_str(when(&field(&field(node, "attrs"), "timestamp")).trim_end_matches(" 00:00 UTC")),
        "inlineCard" | "blockCard" | "embedCard" => out.push_str(&attribute(node, &["url"])),
        "media" | "mediaInline" => out.push_str(&format!("[{}]", named(&attribute(node, &["alt"]), "file"))),
        "listItem" => {
            new_line(out);
            out.push_str("• ");
            write_all(node, out, depth);
        }
        "taskItem" | "decisionItem" => {
            new_line(out);
            out.push_str(if attribute(node, &["state"]) == "DONE" { "☑ " } else { "☐ " });
            write_all(node, out, depth);
        }
        "tableCell" | "tableHeader" => {
            if !out.is_empty() && !out.ends_with('\n') {
                out.push_str(" | ");
            }
            write_cell(node, out, depth);
        }
        "expand" | "nestedExpand" => {
            new_line(out);
            out.push_str(&attribute(node, &["title"]));
            new_line(out);
            write_all(node, out, depth);
        }
        "paragraph" | "heading" | "codeBlock" | "tableRow" | "blockquote" | "panel" | "mediaSingle" | "mediaGroup" => {
            if !out.ends_with("• ") && !out.ends_with("☑ ") && !out.ends_with("☐ ") {
                new_line(out);
            }
            write_all(node, out, depth);
            new_line(out);
        }
        _ => write_all(node, out, depth),
    }
}

/// Writes what a node holds.
fn write_all(node: &Value, out: &mut String, depth: usize) {
    for inner in field(node, "content").try_iter().into_iter().flatten() {
        write(&inner, out, depth + 1);
    }
}

/// Writes a cell of a table on one line.
fn write_cell(node: &Value, out: &mut String, depth: usize) {
    let mut cell = String::new();
    write_all(node, &mut cell, depth);
    out.push_str(&cell.split_whitespace().collect::<Vec<_>>().join(" "));
}

/// Ends the line, if there is one.
fn new_line(out: &mut String) {
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
}

/// A node's field; missing where it has none.
fn field(node: &Value, name: &str) -> Value {
    node.get_attr(name).unwrap_or(Value::UNDEFINED)
}

/// The first of these attributes of a node that has a text.
fn attribute(node: &Value, names: &[&str]) -> String {
    let attributes = field(node, "attrs");
    let found = names.iter().map(|name| text(&field(&attributes, name)).into_owned()).find(|found| !found.is_empty());
    found.unwrap_or_default()
}

/// A name with a mark before it, once.
fn with_mark(mark: char, name: &str) -> String {
    if name.starts_with(mark) { name.to_owned() } else { format!("{mark}{}", named(name, "somebody")) }
}

/// A name, or what stands for it where there is none.
fn named<'a>(name: &'a str, otherwise: &'a str) -> &'a str {
    if name.is_empty() { otherwise } else { name }
}

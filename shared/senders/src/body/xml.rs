//! XML as a payload: elements by name, attributes as `@name`, text as `#text`.

use quick_xml::Reader;
use quick_xml::escape::unescape;
use quick_xml::events::{BytesStart, Event};

use super::fields::Fields;
use crate::json::{Map, Value};

/// The longest document that is read; a longer one stays text.
const MOST_BYTES: usize = 1024 * 1024;

/// The most elements and attributes.
const MOST_NODES: usize = 50_000;

/// How deep elements may nest.
const DEEPEST: usize = 64;

/// An element that is not closed yet.
struct Element {
    name: String,
    fields: Fields,
    text: String,
}

/// A document as an object with one field, its root; `None` where it is no XML, too large or too deep.
///
/// Entities of the document's own are refused with the whole document, so none is ever expanded.
pub(super) fn read(text: &str) -> Option<Value> {
    if text.len() > MOST_BYTES {
        return None;
    }
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut document = Map::new();
    let mut nodes = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => open.push(opened(&tag, &mut nodes).filter(|_| open.len() < DEEPEST)?),
            Event::Empty(tag) => close(opened(&tag, &mut nodes)?, &mut open, &mut document)?,
            Event::End(_) => close(open.pop()?, &mut open, &mut document)?,
            Event::Text(text) => add(&mut open, &text.xml10_content())?,
            Event::CData(text) => add(&mut open, &text.xml10_content())?,
            Event::GeneralRef(reference) => add(&mut open, &unescape(&format!("&{};", reference.into_inner())).ok()?)?,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::DocType(_) => return None,
            Event::Eof => return (open.is_empty() && !document.is_empty()).then(|| document.into()),
        }
    }
}

/// The element that a tag opens; `None` where its attributes are wrong or too many.
fn opened(tag: &BytesStart<'_>, nodes: &mut usize) -> Option<Element> {
    let mut fields = Fields::default();
    *nodes += 1;
    // The check of the library compares each attribute with each; the map finds doubles by itself.
    for attribute in tag.attributes().with_checks(false) {
        let attribute = attribute.ok()?;
        *nodes += 1;
        let name = attribute.key.local_name();
        let is_namespace = attribute.key.as_namespace_binding().is_some();
        let value = unescape(&attribute.value).ok()?.into_owned();
        let name = format!("@{}", name.as_ref());
        if *nodes > MOST_NODES || !is_namespace && fields.has(&name) {
            return None;
        }
        if !is_namespace {
            fields.add(name, value.into());
        }
    }
    let name = tag.local_name().as_ref().to_owned();
    (*nodes <= MOST_NODES).then_some(Element { name, fields, text: String::new() })
}

/// Adds text to the innermost element; `None` where there is text outside of the root.
fn add(open: &mut [Element], text: &str) -> Option<()> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim().is_empty() => {}
        None => return None,
    }
    Some(())
}

/// Puts a closed element into the one around it, elements of one name as a list; `None` for a second root.
fn close(element: Element, open: &mut [Element], document: &mut Map) -> Option<()> {
    let Element { name, mut fields, text } = element;
    let text = text.trim();
    let value = match (fields.is_empty(), text) {
        (true, text) => text.into(),
        (false, "") => fields.into_map().into(),
        (false, text) => {
            fields.add("#text".to_owned(), text.into());
            fields.into_map().into()
        }
    };
    let Some(parent) = open.last_mut() else {
        let is_first = document.is_empty();
        document.insert(name, value);
        return is_first.then_some(());
    };
    parent.fields.add(name, value);
    Some(())
}

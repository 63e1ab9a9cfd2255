//! Filters that look into a list's items, where some of them lack what is looked for.

use std::sync::LazyLock;

use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Error, State, Value, filters};

/// What the value found in an item is called while the engine looks at it, and what the item is.
const FOUND: (&str, &str) = ("found", "item");

/// How far into a text a path finds a character.
const FARTHEST: usize = 64;

/// A filter of the engine that refuses a list with a null in it, and a path of which a step is missing.
static OF_ENGINE: LazyLock<[Value; 3]> = LazyLock::new(|| {
    [
        Value::from_function(filters::map),
        Value::from_function(filters::selectattr),
        Value::from_function(filters::rejectattr),
    ]
});

/// `map`.
pub(super) fn map_each(state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    map(state, &OF_ENGINE[0], args.into_values())
}

/// `selectattr`.
pub(super) fn select(state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    choose(state, &OF_ENGINE[1], args.into_values())
}

/// `rejectattr`.
pub(super) fn reject(state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>) -> Result<Value, Error> {
    choose(state, &OF_ENGINE[2], args.into_values())
}

/// The entries of all the lists that stand at a path in a list's items, one after the other; without a path, of the items
/// themselves. What is no list there is an entry by itself, and what is missing is none.
pub(super) fn flat(items: &Value, path: Option<&str>) -> Vec<Value> {
    let mut entries = Vec::new();
    for item in items.try_iter().into_iter().flatten() {
        let found = path.map_or(item.clone(), |path| at(&item, path));
        match found.kind() {
            ValueKind::Undefined | ValueKind::None => {}
            ValueKind::Seq | ValueKind::Iterable => entries.extend(found.try_iter().into_iter().flatten()),
            _ => entries.push(found),
        }
    }
    entries
}

/// What each item has at a path, nothing (or the default) for an item that has nothing there; or the engine's `map` with a
/// filter.
fn map(state: &mut State<'_, '_>, of_engine: &Value, mut args: Vec<Value>) -> Result<Value, Error> {
    let named = args.last().filter(|last| last.is_kwargs()).cloned().unwrap_or_default();
    let path = named.get_attr("attribute").unwrap_or_default();
    let path = if path.is_integer() { Value::from(path.to_string()) } else { path };
    if let (Some(path), Some(last)) = (path.as_str(), args.len().checked_sub(1)) {
        let renamed = named.try_iter()?.map(|name| {
            let value = if name.as_str() == Some("attribute") { Ok(FOUND.0.into()) } else { named.get_item(&name) };
            value.map(|value| (name.to_string(), value))
        });
        args[last] = renamed.collect::<Result<Kwargs, Error>>()?.into();
        look(&mut args, path);
    }
    of_engine.call(state, &args)
}

/// The items that the engine's filter chooses by what stands at a path in them; a null is never one of them.
fn choose(state: &mut State<'_, '_>, of_engine: &Value, mut args: Vec<Value>) -> Result<Value, Error> {
    let Some(path) = args.get(1).and_then(Value::as_str).map(str::to_owned) else {
        return of_engine.call(state, &args);
    };
    args[1] = FOUND.0.into();
    look(&mut args, &path);
    let chosen = of_engine.call(state, &args)?;
    let items = chosen.try_iter()?.filter_map(|chosen| chosen.get_attr(FOUND.1).ok());
    Ok(items.filter(|item| !item.is_undefined()).collect())
}

/// Puts what was found in each item beside the item, in the list that is a filter's first argument.
fn look(args: &mut [Value], path: &str) {
    let Some(list) = args.first_mut() else {
        return;
    };
    if let Ok(items) = list.try_iter() {
        let looked = items.map(|item| Value::from_pairs([(FOUND.0, at(&item, path)), (FOUND.1, item)]));
        *list = looked.collect();
    }
}

/// What stands at a path such as `author.name` or `files.0`; nothing where a step is missing.
pub(in super::super) fn at(item: &Value, path: &str) -> Value {
    path.split('.').fold(item.clone(), |value, step| {
        let found = match step.parse::<usize>() {
            // A text is counted through from its beginning.
            Ok(index) if value.as_str().is_some() && index > FARTHEST => return Value::UNDEFINED,
            Ok(index) => value.get_item_by_index(index),
            Err(_) => value.get_attr(step),
        };
        found.unwrap_or_default()
    })
}

//! Filters that look into a list's items, where some of them lack what is looked for.

use minijinja::value::{Kwargs, Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, State, Value, filters};

/// What the value found in an item is called while the engine looks at it, and what the item is.
const FOUND: (&str, &str) = ("found", "item");

/// Adds the filters.
///
/// Those of the engine refuse a list with a null in it, and a path of which a step is missing.
pub(super) fn add(env: &mut Environment<'static>) {
    env.add_filter("flat", flat);
    let of_engine = Value::from_function(filters::map);
    env.add_filter("map", move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
        map(state, &of_engine, args.into_values())
    });
    for (name, of_engine) in [
        ("selectattr", Value::from_function(filters::selectattr)),
        ("rejectattr", Value::from_function(filters::rejectattr)),
    ] {
        let chosen =
            move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| choose(state, &of_engine, args.into_values());
        env.add_filter(name, chosen);
    }
}

/// The entries of all the lists that stand at a path in a list's items, one after the other; without a path, of the items
/// themselves. What is no list there is an entry by itself, and what is missing is none.
fn flat(items: &Value, path: Option<&str>) -> Vec<Value> {
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
fn at(item: &Value, path: &str) -> Value {
    path.split('.').fold(item.clone(), |value, step| {
        let found = step.parse().map_or_else(|_| value.get_attr(step), |index| value.get_item_by_index(index));
        found.unwrap_or_default()
    })
}

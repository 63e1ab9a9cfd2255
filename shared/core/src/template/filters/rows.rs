//! Every filter, test and function that a template can name, each with what it may make.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use minijinja::functions::{self, Function};
use minijinja::tests as is;
use minijinja::value::{FunctionArgs, FunctionResult, Rest};
use minijinja::{Environment, Error, State, Value, filters};

use super::super::bounds::{Bound, bounded, lists, texts};
use super::super::measure::{charge, listed};
use super::super::pretty::pretty;
use super::super::written;
use super::{document, from_json, items, markup, money, sent, shown, slack, text, wording};
use crate::markup::MOST_ESCAPED;
use crate::telegram::{beginning, shows_nothing};
use Bound::{Ask, AskNest, List, Nest, Part, Read, Sort, Text};

/// A filter, a test or a function.
struct Row {
    bound: Bound,
    function: Value,
    /// What it makes of a value that is missing, where it does not look for itself.
    missing: Option<Value>,
}

/// Rows by their names.
type Rows = BTreeMap<&'static str, Row>;

static FILTERS: LazyLock<Rows> = LazyLock::new(|| {
    let no_items = || Value::from(Vec::<Value>::new());
    BTreeMap::from([
        ("abs", row(Part, filters::abs).or(Value::UNDEFINED)),
        ("around", row(Text(MOST_ESCAPED), markup::around)),
        ("attr", row(Ask(lists::item), filters::attr)),
        ("batch", row(AskNest(lists::divide), filters::batch)),
        ("bold", row(Text(MOST_ESCAPED), markup::bold)),
        ("bool", row(Part, filters::bool)),
        ("capitalize", row(Text(3), filters::capitalize)),
        ("chain", row(AskNest(lists::together), chain)),
        ("code", row(Text(MOST_ESCAPED), markup::code)),
        ("count", row(Read, filters::length).or(Value::from(0))),
        ("d", row(Part, filters::default)),
        ("default", row(Part, filters::default)),
        ("dictsort", row(Sort, filters::dictsort).or(no_items())),
        ("document_text", row(Ask(texts::document), document::plain)),
        ("e", row(Text(MOST_ESCAPED), markup::escaped)),
        ("escape", row(Text(MOST_ESCAPED), markup::escaped)),
        ("first", row(Part, filters::first).or(Value::UNDEFINED)),
        (
            "firstline",
            row(Text(1), |state: &State<'_, '_>, value: &Value| wording::first_line(&shown(state, value)).to_owned()),
        ),
        ("flat", row(Ask(lists::flat), items::flat)),
        ("float", row(Read, filters::float)),
        ("format", row(Ask(texts::format), filters::format)),
        ("fromjson", row(AskNest(texts::from_json), from_json)),
        ("groupby", row(Sort, filters::groupby)),
        ("indent", row(Ask(texts::indent), filters::indent)),
        ("int", row(Read, filters::int)),
        ("items", row(Nest, filters::items).or(no_items())),
        ("join", row(Ask(texts::join), filters::join)),
        ("joined", row(Ask(texts::joined), markup::joined)),
        ("last", row(List, filters::last).or(Value::UNDEFINED)),
        ("length", row(Read, filters::length).or(Value::from(0))),
        ("line", row(Text(MOST_ESCAPED), markup::line)),
        ("lines", row(Ask(texts::lines), filters::lines).or(no_items())),
        ("link", row(Text(MOST_ESCAPED), markup::link)),
        ("list", row(List, filters::list)),
        ("lower", row(Text(3), filters::lower)),
        ("map", row(AskNest(lists::looked), items::map_each)),
        ("max", row(Sort, filters::max)),
        ("min", row(Sort, filters::min)),
        ("money", row(Text(3), money::money)),
        ("plural", row(Text(2), wording::plural)),
        ("pprint", row(Ask(texts::pprint), filters::pprint)),
        ("pretty", row(Ask(texts::pretty), |state: &State<'_, '_>, value: &Value| pretty(&sent(state, value)))),
        ("quote", row(Text(MOST_ESCAPED), markup::quote)),
        ("reject", row(List, filters::reject)),
        ("rejectattr", row(Ask(lists::looked), items::reject)),
        ("replace", row(Ask(texts::replace), filters::replace)),
        ("reverse", row(Ask(lists::reverse), filters::reverse).or(Value::UNDEFINED)),
        ("round", row(Ask(lists::round), filters::round).or(Value::UNDEFINED)),
        ("safe", row(Text(1), filters::safe)),
        ("select", row(List, filters::select)),
        ("selectattr", row(Ask(lists::looked), items::select)),
        ("short", row(Text(1), |state: &State<'_, '_>, value: &Value| beginning(&shown(state, value), 7).to_owned())),
        ("slack_text", row(Text(3), |state: &State<'_, '_>, value: &Value| slack::plain(&shown(state, value)))),
        ("slice", row(AskNest(lists::portions), filters::slice)),
        ("sort", row(Sort, filters::sort)),
        ("split", row(Ask(texts::split), filters::split).or(no_items())),
        ("string", row(Text(1), filters::string)),
        ("sum", row(Ask(lists::sum), filters::sum)),
        ("title", row(Text(3), filters::title)),
        ("tojson", row(Ask(texts::to_json), written::to_json)),
        ("trim", row(Ask(texts::trim), filters::trim)),
        (
            "truncate",
            row(Text(1), |state: &State<'_, '_>, value: &Value, length: usize| {
                wording::truncate(&shown(state, value), length)
            }),
        ),
        ("unique", row(Sort, filters::unique)),
        ("unix_seconds", row(Text(1), wording::unix_seconds)),
        ("untag", row(Text(6), |state: &State<'_, '_>, value: &Value| markup::untag(&shown(state, value)))),
        ("upper", row(Text(3), filters::upper)),
        ("urlencode", row(Text(3), |state: &State<'_, '_>, value: &Value| wording::url_encoded(&shown(state, value)))),
        ("verdict", row(Text(3), |state: &State<'_, '_>, value: &Value| wording::verdict(&shown(state, value)))),
        ("when", row(Text(1), wording::when)),
        ("without_prefix", row(Text(1), wording::without_prefix)),
        ("words", row(Text(3), |state: &State<'_, '_>, value: &Value| wording::words(&shown(state, value)))),
        ("zip", row(AskNest(lists::together), filters::zip)),
    ])
});

static TESTS: LazyLock<Rows> = LazyLock::new(|| {
    let contains = Ask(lists::contains);
    BTreeMap::from([
        ("!=", row(Read, is::is_ne)),
        ("<", row(Read, is::is_lt)),
        ("<=", row(Read, is::is_le)),
        ("==", row(Read, is::is_eq)),
        (">", row(Read, is::is_gt)),
        (">=", row(Read, is::is_ge)),
        ("blank", row(Text(1), |value: &Value| shows_nothing(&text(value)))),
        ("boolean", row(Part, is::is_boolean)),
        ("defined", row(Part, is::is_defined)),
        ("divisibleby", row(Part, is::is_divisibleby)),
        ("endingwith", row(Text(1), is::is_endingwith)),
        ("eq", row(Read, is::is_eq)),
        ("equalto", row(Read, is::is_eq)),
        ("escaped", row(Part, is::is_safe)),
        ("even", row(Part, is::is_even)),
        ("false", row(Part, is::is_false)),
        ("filter", row(Part, is::is_filter)),
        ("float", row(Part, is::is_float)),
        ("ge", row(Read, is::is_ge)),
        ("greaterthan", row(Read, is::is_gt)),
        ("gt", row(Read, is::is_gt)),
        ("in", row(contains, is::is_in)),
        ("int", row(Part, is::is_integer)),
        ("integer", row(Part, is::is_integer)),
        ("iterable", row(Part, is::is_iterable)),
        ("le", row(Read, is::is_le)),
        ("lessthan", row(Read, is::is_lt)),
        ("lower", row(Read, is::is_lower)),
        ("lt", row(Read, is::is_lt)),
        ("mapping", row(Part, is::is_mapping)),
        ("ne", row(Read, is::is_ne)),
        // A null in a payload counts as missing, so both names must find it.
        ("none", row(Part, |value: &Value| value.is_none() || value.is_undefined())),
        ("number", row(Part, is::is_number)),
        ("odd", row(Part, is::is_odd)),
        ("safe", row(Part, is::is_safe)),
        ("sameas", row(Read, is::is_sameas)),
        ("sequence", row(Part, is::is_sequence)),
        ("startingwith", row(Text(1), is::is_startingwith)),
        ("string", row(Part, is::is_string)),
        ("test", row(Part, is::is_test)),
        ("true", row(Part, is::is_true)),
        ("undefined", row(Part, is::is_undefined)),
        ("upper", row(Read, is::is_upper)),
    ])
});

static FUNCTIONS: LazyLock<Rows> = LazyLock::new(|| {
    BTreeMap::from([
        ("dict", row(AskNest(lists::together), functions::dict)),
        // It makes its numbers when they are looked at, 100,000 at most.
        ("range", row(Part, functions::range)),
    ])
});

/// Adds all of them to an environment that has none.
pub(in super::super) fn add(env: &mut Environment<'static>) {
    for (name, row) in &*FILTERS {
        let lenient = row.missing.clone();
        let call = bounded(row.bound, row.function.clone());
        env.add_filter(*name, move |state: &mut State<'_, '_>, args: Rest<minijinja::value::ValueOrKwargs>| {
            let is_missing = || args.first().is_some_and(|first| Value::is_undefined(first));
            match &lenient {
                Some(empty) if is_missing() => Ok(empty.clone()),
                _ => call(state, args),
            }
        });
    }
    for (name, row) in &*TESTS {
        env.add_test(*name, bounded(row.bound, row.function.clone()));
    }
    for (name, row) in &*FUNCTIONS {
        env.add_function(*name, bounded(row.bound, row.function.clone()));
    }
}

/// Whether there is a filter of this name.
pub(in super::super) fn has_filter(name: &str) -> bool {
    FILTERS.contains_key(name)
}

/// Whether there is a test of this name.
pub(in super::super) fn has_test(name: &str) -> bool {
    TESTS.contains_key(name)
}

/// A function with what it may make.
fn row<F, Rv, Args>(bound: Bound, function: F) -> Row
where
    F: Function<Rv, Args>,
    Rv: FunctionResult,
    Args: for<'a> FunctionArgs<'a>,
{
    Row { bound, function: Value::from_function(function), missing: None }
}

impl Row {
    /// The row with what it makes of a missing value, which the engine's function refuses.
    fn or(self, missing: Value) -> Self {
        Self { missing: Some(missing), ..self }
    }
}

/// `chain`, its entries taken over one by one, so that chains do not nest.
fn chain(state: &State<'_, '_>, value: Value, others: Rest<Value>) -> Result<Value, Error> {
    let chained = filters::chain(state, value, others)?;
    charge(|budget| listed(budget, &chained))
}

//! What each filter, test and operator of a template may make of what it is given, asked before it makes it.

pub(super) mod lists;
pub(super) mod texts;

use minijinja::value::{Rest, ValueOrKwargs};
use minijinja::{Error, State, Value};

use super::measure::{ENTRY, charge, count, made, weigh, weigh_all};
use crate::budget::{Budget, Exceeded};

/// The steps of a call, whatever it does.
const CALL: usize = 4;

/// The bytes that an entry may take that is a list itself.
const PAIR: usize = 128;

/// The most times that a key is compared when it is looked up in a map.
const LOOKUP: usize = 24;

/// How a function asks for itself: the bytes that it will hold, once it has taken its steps.
pub(super) type Ask = fn(&Budget, &[Value]) -> Result<usize, Exceeded>;

/// What a filter, a test or an operator does with what it is given, at most.
#[derive(Clone, Copy)]
pub(super) enum Bound {
    /// It looks at the ends of it, and makes a number, a truth value or a part of it.
    Part,
    /// It reads all of it, and makes a number, a truth value or a part of it.
    Read,
    /// It writes it, in so many bytes for each that the engine would write.
    Text(usize),
    /// It goes through the entries of the first, and makes a list of no more.
    List,
    /// As `List`, and the entries may be lists of what it was given.
    Nest,
    /// It compares entries with each other, and makes a list of them.
    Sort,
    /// It asks for itself.
    Ask(Ask),
    /// As `Ask`, and what it makes may be lists of what it was given.
    AskNest(Ask),
}

/// A function of the engine, or of ours, that asks before it makes anything.
pub(super) fn bounded(
    bound: Bound,
    function: Value,
) -> impl Fn(&mut State<'_, '_>, Rest<ValueOrKwargs>) -> Result<Value, Error> + Send + Sync + 'static {
    move |state: &mut State<'_, '_>, args: Rest<ValueOrKwargs>| {
        let args = args.into_values();
        before(bound, &args)?;
        let made = function.call(state, &args)?;
        after(bound, made)
    }
}

/// Asks whether what a function does with these arguments is within the budget.
pub(super) fn before(bound: Bound, args: &[Value]) -> Result<(), Error> {
    charge(|budget| {
        budget.step(CALL)?;
        let entries = |budget| args.first().map_or(Ok(0), |list| count(budget, list));
        let room = match bound {
            Bound::Part => 0,
            Bound::Read => weigh_all(budget, args).map(|_| 0)?,
            Bound::Text(times) => weigh_all(budget, args)?.text.saturating_mul(times),
            Bound::List => entries(budget)?.saturating_mul(2 * ENTRY),
            Bound::Nest => entries(budget)?.saturating_mul(PAIR),
            Bound::Sort => {
                let size = weigh_all(budget, args)?;
                let rounds = size.nodes.checked_ilog2().unwrap_or_default() as usize + 1;
                budget.step(size.nodes.saturating_mul(rounds))?;
                budget.read(size.bytes.saturating_mul(rounds))?;
                size.bytes.saturating_mul(3).saturating_add(entries(budget)?.saturating_mul(PAIR))
            }
            Bound::Ask(ask) | Bound::AskNest(ask) => ask(budget, args)?,
        };
        budget.has_room(room)
    })
}

/// Charges what a function made.
pub(super) fn after(bound: Bound, value: Value) -> Result<Value, Error> {
    match bound {
        Bound::Part | Bound::Read => Ok(value),
        Bound::Text(_) | Bound::List | Bound::Ask(_) => charge(|budget| made(budget, value)),
        Bound::Nest | Bound::Sort | Bound::AskNest(_) => nested(value),
    }
}

/// Charges a value that was made of others, and looks how deep it nests.
pub(super) fn nested(value: Value) -> Result<Value, Error> {
    charge(|budget| {
        let value = made(budget, value)?;
        weigh(budget, &value)?;
        Ok(value)
    })
}

/// The steps of looking keys up in a map.
fn look_up(budget: &Budget, keys: &[Value]) -> Result<(), Exceeded> {
    let size = weigh_all(budget, keys)?;
    budget.read(size.bytes.saturating_mul(LOOKUP))?;
    budget.step(size.nodes.saturating_mul(LOOKUP))
}

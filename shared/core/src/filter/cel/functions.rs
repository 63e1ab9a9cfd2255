//! The functions of the language, one row each.

mod convert;
mod lists;
mod numbers;
mod pattern;
mod text;
mod time;

use super::kinds::Kinds;
use super::meter::{Exceeded, Meter};
use super::value::Value;

pub(super) use pattern::Pattern;
pub(super) use time::{between, within_years, zone};

/// What a function does.
type Run = for<'a> fn(&'a Meter, &[Value<'a>]) -> Result<Value<'a>, Trouble>;

/// A function.
pub(in crate::filter) struct Function {
    /// Its name, with a dot where it has one: `math.least`.
    pub name: &'static str,
    /// How it is called.
    form: Form,
    /// What its arguments may be, a method's receiver first; the last counts for all that follow.
    args: &'static [Kinds],
    /// How many arguments it takes at least, a method's receiver among them.
    pub least: usize,
    /// How many arguments it takes at most.
    pub most: usize,
    /// What it gives.
    pub result: Kinds,
    /// What it gives where an argument is null.
    pub(super) of_null: OfNull,
    /// What it does, with arguments that are what they may be.
    pub(super) run: Run,
}

/// How a function is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// `f(x)`
    Global,
    /// `x.f()`
    Method,
    /// Either way.
    Both,
}

/// What a function makes of null, which a missing field is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OfNull {
    /// Null: what is made of something missing is missing.
    Null,
    /// False: something missing has no text in it.
    False,
    /// 0: something missing is empty.
    Zero,
    /// The function sees it.
    Seen,
}

/// A function failed.
#[derive(Debug)]
pub(super) enum Trouble {
    /// A bound was reached.
    Exceeded(Exceeded),
    /// It cannot be done, in words that hold none of the values.
    Wrong(&'static str),
}

/// All functions.
const ALL: [&[Function]; 5] = [convert::ALL, lists::ALL, numbers::ALL, text::ALL, time::ALL];

impl Function {
    /// A function of one name and form, null in and null out.
    const fn new(name: &'static str, form: Form, args: &'static [Kinds], result: Kinds, run: Run) -> Self {
        Self { name, form, args, least: args.len(), most: args.len(), result, of_null: OfNull::Null, run }
    }

    /// The same with that many arguments that may be left out.
    const fn optional(mut self, count: usize) -> Self {
        self.least -= count;
        self
    }

    /// The same with up to so many arguments.
    const fn up_to(mut self, most: usize) -> Self {
        self.most = most;
        self
    }

    /// The same with another answer to null.
    const fn of_null(mut self, of_null: OfNull) -> Self {
        self.of_null = of_null;
        self
    }

    /// What an argument may be, besides null.
    pub(super) fn takes(&self, at: usize) -> Kinds {
        self.args.get(at).or(self.args.last()).copied().unwrap_or(Kinds::ANY)
    }
}

impl std::fmt::Debug for Function {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

impl From<Exceeded> for Trouble {
    fn from(exceeded: Exceeded) -> Self {
        Self::Exceeded(exceeded)
    }
}

/// The function that is called as `name(…)`.
pub(super) fn global(name: &str) -> Option<&'static Function> {
    all().find(|function| function.form != Form::Method && function.name == name)
}

/// The function that is called as `x.name(…)`.
pub(super) fn method(name: &str) -> Option<&'static Function> {
    all().find(|function| function.form != Form::Global && function.name == name)
}

/// Whether there is a function of this name, however it is called.
pub(super) fn exists(name: &str) -> bool {
    name == "has" || all().any(|function| function.name == name)
}

/// The names of all methods, or of all others.
pub(super) fn names(methods: bool) -> impl Iterator<Item = &'static str> + Clone {
    let other = if methods { Form::Global } else { Form::Method };
    let names = ALL.iter().flat_map(|some| some.iter());
    let names = names.filter(move |function| function.form != other).map(|function| function.name);
    names.chain((!methods).then_some("has"))
}

/// Every function.
fn all() -> impl Iterator<Item = &'static Function> {
    ALL.iter().flat_map(|some| some.iter())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_one_function() {
        for methods in [true, false] {
            let mut names: Vec<_> = names(methods).collect();
            names.sort_unstable();
            let count = names.len();
            names.dedup();
            assert_eq!(names.len(), count);
        }
        assert!(global("size").is_some() && method("size").is_some());
        assert!(global("startsWith").is_none() && method("int").is_none());
    }
}

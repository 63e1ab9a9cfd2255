//! Puts checks before and after those instructions of a template that could make much, or take long.

use std::collections::BTreeSet;

use minijinja::machinery::{Instruction, Instructions};
use minijinja::value::{Rest, ValueKind, ValueOrKwargs};
use minijinja::{Environment, Error, Value};

use super::bounds::{self, Bound, lists};

/// The filter that charges what an instruction made; no template can name it.
const MADE: &str = "(made)";

/// No place in the engine's small table of filters: it looks the filter up by its name.
const NO_SLOT: u8 = !0;

/// The engine's mark of a loop that may call itself.
const RECURSIVE: u8 = 2;

/// The longest text that is compared without a check.
const SHORT: usize = 256;

/// The filters that check operators, and how many values these take; no template can name them.
const OPERATORS: [(&str, Bound); 7] = [
    ("(+)", Bound::Ask(lists::add)),
    ("(*)", Bound::Ask(lists::multiply)),
    ("(~)", Bound::Text(1)),
    ("(==)", Bound::Read),
    ("(in)", Bound::Ask(lists::contains)),
    ("([])", Bound::Ask(lists::item)),
    ("([:])", Bound::Ask(lists::slice)),
];

/// The filter that checks a call of a method.
const CALL: &str = "(call)";

/// The filters that no template can name.
#[cfg(test)]
pub(super) const CHECKS: [&str; 9] = ["(+)", "(*)", "(~)", "(==)", "(in)", "([])", "([:])", CALL, MADE];

/// What stands around an instruction.
#[derive(Default)]
struct Around {
    /// The filter that checks so many values before it.
    before: Option<(&'static str, u16)>,
    /// Whether what it made is charged.
    is_charged: bool,
}

/// Adds the filters that check.
pub(super) fn add(env: &mut Environment<'static>) {
    for (name, bound) in OPERATORS.into_iter().chain([(CALL, Bound::Read)]) {
        env.add_filter(name, move |args: Rest<ValueOrKwargs>| {
            let mut args = args.into_values();
            bounds::before(bound, &args)?;
            // The engine unpacks a list with its first entry on top.
            args.reverse();
            Ok::<_, Error>(args)
        });
    }
    env.add_filter(MADE, |value: Value| bounds::nested(value));
}

/// Whether a template keeps what it writes: then more may be written than it makes.
pub(super) fn keeps_text(code: &Instructions<'_>) -> bool {
    each(code).any(|instruction| match instruction {
        Instruction::BeginCapture(_) => true,
        Instruction::PushLoop(flags) => flags & RECURSIVE != 0,
        _ => false,
    })
}

/// A template's instructions, checked.
pub(super) fn checked<'s>(code: &Instructions<'s>) -> Instructions<'s> {
    let targets = targets(code);
    let mut added: Vec<(Instruction<'s>, u16)> = Vec::new();
    let (mut places, mut loops, mut previous) = (Vec::new(), 0usize, None);
    for (at, instruction) in each(code).enumerate() {
        places.push(added.len());
        let line = u32::try_from(at).ok().and_then(|at| code.get_line(at)).unwrap_or(1);
        let line = u16::try_from(line).unwrap_or(u16::MAX);
        let known = previous.filter(|_| !targets.contains(&at));
        let Around { before, is_charged } = around(instruction, known);
        if let Some((check, values)) = before {
            added.push((Instruction::ApplyFilter(check, Some(values), NO_SLOT), line));
            added.push((Instruction::UnpackList(usize::from(values)), line));
        }
        match instruction {
            Instruction::PushLoop(_) => loops += 1,
            Instruction::PopLoopFrame => loops = loops.saturating_sub(1),
            _ => {}
        }
        match instruction {
            // Outside of loops, a template's own text is written once.
            Instruction::EmitRaw(text) if loops > 0 => {
                added.push((Instruction::LoadConst(Value::from_safe_string((*text).to_owned())), line));
                added.push((Instruction::Emit, line));
            }
            other => added.push((other.clone(), line)),
        }
        if is_charged {
            added.push((Instruction::ApplyFilter(MADE, Some(1), NO_SLOT), line));
        }
        previous = Some(instruction);
    }
    places.push(added.len());
    let mut checked = Instructions::new(code.name(), code.source());
    for (mut instruction, line) in added {
        if let Some(target) = target_mut(&mut instruction) {
            let place = usize::try_from(*target).ok().and_then(|old| places.get(old));
            *target = place.and_then(|place| u32::try_from(*place).ok()).unwrap_or(u32::MAX);
        }
        checked.add_with_line(instruction, line);
    }
    checked
}

/// The instructions, in their order.
pub(super) fn each<'c, 's>(code: &'c Instructions<'s>) -> impl Iterator<Item = &'c Instruction<'s>> {
    (0..).map_while(|at| code.get(at))
}

/// What stands around an instruction, where `known` is the one that surely came before it.
fn around(instruction: &Instruction<'_>, known: Option<&Instruction<'_>>) -> Around {
    use Instruction::*;
    let constant = known.and_then(|known| if let LoadConst(value) = known { Some(value) } else { None });
    let check = |before: Option<(&'static str, u16)>, is_charged| Around { before, is_charged };
    match instruction {
        Add => check(Some(("(+)", 2)), true),
        Mul => check(Some(("(*)", 2)), true),
        StringConcat => check(Some(("(~)", 2)), true),
        Slice => check(Some(("([:])", 4)), true),
        CompareAndPreserve(op) if format!("{op:?}").ends_with("In") => check(Some(("(in)", 2)), false),
        Eq | Ne | Gt | Gte | Lt | Lte | CompareAndPreserve(_) if constant.is_some_and(is_short) => Around::default(),
        Eq | Ne | Gt | Gte | Lt | Lte | CompareAndPreserve(_) => check(Some(("(==)", 2)), false),
        In if constant.is_some_and(is_short_list) => Around::default(),
        In => check(Some(("(in)", 2)), false),
        GetItem if constant.is_some_and(|key| key.as_str().is_some() && is_short(key)) => Around::default(),
        GetItem => check(Some(("([])", 2)), false),
        CallMethod(_, Some(values)) => check(Some((CALL, *values)), false),
        BuildList(_) | BuildTuple(_) | BuildMap(_) => check(None, true),
        // These take as long whatever their values are, or what they make is charged where it is made: by the function
        // that is called, or by the formatter. Names are short, and arguments are never unpacked: `source` sees to it.
        EmitRaw(_) | StoreLocal(_) | Lookup(_) | GetAttr(_) | SetAttr(_) | LoadConst(_) | BuildKwargs(_)
        | MergeKwargs(_) | UnpackList(_) | UnpackLists(_) | Sub | Div | IntDiv | Rem | Pow | Neg | Not | Emit
        | ApplyFilter(..) | PerformTest(..) | CallFunction(..) | CallMethod(..) | CallObject(_) | PushLoop(_)
        | PushWith | Iterate(_) | PushDidNotIterate | PopFrame | PopLoopFrame | Jump(_) | JumpIfFalse(_)
        | JumpIfFalseOrPop(_) | JumpIfTrueOrPop(_) | PushAutoEscape | PopAutoEscape | BeginCapture(_) | EndCapture
        | DupTop | DiscardTop | FastRecurse | Swap => Around::default(),
    }
}

/// Whether comparing with a constant takes no time.
fn is_short(value: &Value) -> bool {
    match value.kind() {
        ValueKind::String => value.as_bytes().is_some_and(|text| text.len() <= SHORT),
        ValueKind::Number | ValueKind::Bool | ValueKind::None | ValueKind::Undefined => true,
        _ => false,
    }
}

/// Whether looking for something in a constant takes no time.
fn is_short_list(value: &Value) -> bool {
    value.kind() == ValueKind::Seq
        && value.len().is_some_and(|length| length <= SHORT)
        && value.try_iter().is_ok_and(|mut items| items.all(|item| is_short(&item)))
}

/// The places that instructions jump to.
fn targets(code: &Instructions<'_>) -> BTreeSet<usize> {
    let targets = each(code).filter_map(|instruction| target_mut(&mut instruction.clone()).copied());
    targets.filter_map(|target| usize::try_from(target).ok()).collect()
}

/// Where an instruction jumps to.
fn target_mut<'i>(instruction: &'i mut Instruction<'_>) -> Option<&'i mut u32> {
    match instruction {
        Instruction::Jump(target)
        | Instruction::JumpIfFalse(target)
        | Instruction::JumpIfFalseOrPop(target)
        | Instruction::JumpIfTrueOrPop(target)
        | Instruction::Iterate(target) => Some(target),
        _ => None,
    }
}

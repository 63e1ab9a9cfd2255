//! Reads constants out of a crate's sources, so that each number can be held to what the documents say of it, though it
//! is private to its module.

use std::path::Path;

/// A constant: its file below `src`, its name, and its value: durations in milliseconds, all else as it is.
pub(crate) type Promise = (&'static str, &'static str, &'static [f64]);

/// Fails where a constant of the crate in `folder` is another than promised, or is not there.
pub(crate) fn check(folder: &str, promises: &[Promise]) {
    let mut wrong = Vec::new();
    for (file, name, promised) in promises {
        let source = std::fs::read_to_string(Path::new(folder).join("src").join(file)).unwrap_or_default();
        let found = value(&source, name);
        if found.as_deref() != Some(promised) {
            wrong.push(format!("{file}: {name} is {found:?}, promised is {promised:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The numbers of a constant: one, or those of a list.
fn value(source: &str, name: &str) -> Option<Vec<f64>> {
    let (_, rest) = source.split_once(&format!("const {name}: "))?;
    let (_, rest) = rest.split_once('=')?;
    // The first one, as a list has semicolons in its type alone.
    let (expression, _) = rest.split_once(';')?;
    let list = expression.trim().trim_start_matches('[').trim_end_matches(']');
    list.split(',').map(str::trim).filter(|text| !text.is_empty()).map(sum).collect()
}

/// The value of a sum or a difference of products.
fn sum(text: &str) -> Option<f64> {
    let added = text.split(" + ").map(|part| {
        let mut parts = part.split(" - ").map(product);
        let first = parts.next()??;
        parts.try_fold(first, |left, right| Some(left - right?))
    });
    added.sum()
}

/// The value of a product.
fn product(text: &str) -> Option<f64> {
    text.split(" * ").map(factor).product()
}

/// The value of a number, of a duration, or of one of two names.
fn factor(text: &str) -> Option<f64> {
    let inner = |name: &str| text.trim().strip_prefix(name)?.strip_suffix(')').and_then(sum);
    match text.trim() {
        "DAY_MS" => Some(86_400_000.0),
        "MINUTE_MS" => Some(60_000.0),
        text => inner("Duration::from_secs(")
            .map(|seconds| seconds * 1000.0)
            .or_else(|| inner("Duration::from_millis("))
            .or_else(|| inner("Timestamp::from_ms("))
            .or_else(|| text.replace('_', "").parse().ok()),
    }
}

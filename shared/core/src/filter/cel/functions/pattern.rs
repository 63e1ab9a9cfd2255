//! Patterns of `matches`: regular expressions that are searched in linear time, of bounded size.

use regex_lite::{Regex, RegexBuilder};

use super::super::meter::{Exceeded, Meter};

/// The longest pattern, in bytes.
const LONGEST: usize = 1024;

/// The bounds of a compiled pattern's bytes that are tried in turn, so that its size is known and not only bounded.
const SIZES: [usize; 4] = [2 * 1024, 8 * 1024, 32 * 1024, 128 * 1024];

/// What one byte of a text costs where the pattern is of the smallest size, in bytes of plain reading.
const COST: usize = 64;

/// What compiling a pattern of the smallest size costs where it is not written out, in steps.
const COMPILING: usize = 1000;

/// A compiled pattern.
#[derive(Debug)]
pub(in crate::filter) struct Pattern {
    regex: Regex,
    /// How many times dearer it is to search than the smallest ones, at most.
    weight: usize,
}

impl Pattern {
    /// Compiles a pattern; the error says what is wrong with it.
    pub(in crate::filter::cel) fn compile(pattern: &str) -> Result<Self, String> {
        if pattern.len() > LONGEST {
            return Err(format!("a pattern may be {LONGEST} bytes long, this one has {}", pattern.len()));
        }
        let mut failure = String::new();
        for size in SIZES {
            match RegexBuilder::new(pattern).size_limit(size).nest_limit(50).build() {
                Ok(regex) => return Ok(Self { regex, weight: size / SIZES[0] }),
                Err(error) => failure = error.to_string(),
            }
        }
        Err(format!("this pattern is no regular expression, or too large: {failure}"))
    }

    /// Whether the pattern is found somewhere in a text.
    pub(in crate::filter::cel) fn is_in(&self, text: &str, meter: &Meter) -> Result<bool, Exceeded> {
        meter.read(text.len().saturating_mul(self.weight * COST))?;
        Ok(self.regex.is_match(text))
    }

    /// The same for a pattern that is compiled for this one use; `None` where it is none.
    pub(super) fn once(pattern: &str, text: &str, meter: &Meter) -> Result<Option<bool>, Exceeded> {
        meter.step(COMPILING)?;
        let compiled = Self::compile(pattern).ok();
        let weight = compiled.as_ref().map_or(SIZES[SIZES.len() - 1] / SIZES[0], |pattern| pattern.weight);
        meter.step(COMPILING * (weight - 1))?;
        compiled.map(|pattern| pattern.is_in(text, meter)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_searched() {
        let meter = Meter::default();
        for (pattern, text, found) in [
            ("^refs/(heads|tags)/v[0-9]+$", "refs/tags/v12", true),
            ("^refs/(heads|tags)/v[0-9]+$", "refs/tags/x12", false),
            ("(?i)URGENT", "this is urgent", true),
            (r"\bfix(es|ed)?\b", "it fixed it", true),
            ("", "anything", true),
            ("ä+", "xää", true),
        ] {
            assert_eq!(Pattern::compile(pattern).unwrap().is_in(text, &meter), Ok(found), "{pattern}");
            assert_eq!(Pattern::once(pattern, text, &meter), Ok(Some(found)), "{pattern}");
        }
    }

    #[test]
    fn bad_and_large_patterns_are_refused() {
        let long = "a".repeat(1025);
        let nested = "(".repeat(200) + &")".repeat(200);
        for pattern in ["(", "[a", "a{1001}{1001}", "(?:){1000000000}", "(?=a)", "*", r"\p{Greek}", &long, &nested] {
            assert!(Pattern::compile(pattern).is_err(), "{pattern}");
        }
        assert_eq!(Pattern::once("(", "a", &Meter::default()), Ok(None));
    }

    #[test]
    fn a_dear_pattern_costs_more_steps() {
        let text = "a".repeat(100_000);
        let dear = Pattern::compile("(a{1,50}b){10}").unwrap();
        assert!(dear.weight > 1, "{}", dear.weight);
        assert!(dear.is_in(&text, &Meter::default()).is_err());
        assert_eq!(Pattern::compile("a$").unwrap().is_in(&text, &Meter::default()), Ok(true));
    }
}

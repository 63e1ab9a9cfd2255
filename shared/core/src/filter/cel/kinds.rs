//! The kinds of values, and sets of them: what a value is, and what an expression may be.

/// A set of kinds; of a value at hand, the one that it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::filter) struct Kinds(u16);

impl Kinds {
    /// No kind.
    pub(in crate::filter) const NONE: Self = Self(0);
    /// Null, which a missing field is.
    pub(in crate::filter) const NULL: Self = Self(1);
    /// True or false.
    pub(in crate::filter) const BOOL: Self = Self(1 << 1);
    /// A whole number with a sign.
    pub(in crate::filter) const INT: Self = Self(1 << 2);
    /// A whole number without a sign.
    pub(in crate::filter) const UINT: Self = Self(1 << 3);
    /// A number with a fraction, or one beyond 64 bits.
    pub(in crate::filter) const DOUBLE: Self = Self(1 << 4);
    /// A text.
    pub(in crate::filter) const TEXT: Self = Self(1 << 5);
    /// Bytes.
    pub(in crate::filter) const BYTES: Self = Self(1 << 6);
    /// A list.
    pub(in crate::filter) const LIST: Self = Self(1 << 7);
    /// A map.
    pub(in crate::filter) const MAP: Self = Self(1 << 8);
    /// A moment.
    pub(in crate::filter) const TIME: Self = Self(1 << 9);
    /// A length of time.
    pub(in crate::filter) const DURATION: Self = Self(1 << 10);
    /// The type of a value.
    pub(in crate::filter) const TYPE: Self = Self(1 << 11);
    /// Any number.
    pub(in crate::filter) const NUMBER: Self = Self(Self::INT.0 | Self::UINT.0 | Self::DOUBLE.0);
    /// Anything at all.
    pub(in crate::filter) const ANY: Self = Self((1 << 12) - 1);

    /// What is in one of two sets.
    pub(in crate::filter) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both of two sets.
    pub(in crate::filter) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this set and not in the other.
    pub(in crate::filter) const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Whether two sets have something in common.
    pub(in crate::filter) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// The same with all numbers where it has one, for numbers compare whatever their kinds.
    pub(in crate::filter) const fn with_numbers(self) -> Self {
        if self.meets(Self::NUMBER) { self.or(Self::NUMBER) } else { self }
    }

    /// The set in words, as an error names it: `a text`, `a list or a map`.
    pub(in crate::filter) fn words(self) -> String {
        const WORDS: [(Kinds, &str); 10] = [
            (Kinds::BOOL, "true or false"),
            (Kinds::NUMBER, "a number"),
            (Kinds::TEXT, "a text"),
            (Kinds::BYTES, "bytes"),
            (Kinds::LIST, "a list"),
            (Kinds::MAP, "a map"),
            (Kinds::TIME, "a timestamp"),
            (Kinds::DURATION, "a duration"),
            (Kinds::TYPE, "a type"),
            (Kinds::NULL, "null"),
        ];
        let of = if self.without(Self::NULL) == Self::NONE { self } else { self.without(Self::NULL) };
        let words: Vec<_> = WORDS.iter().filter(|(kinds, _)| of.meets(*kinds)).map(|(_, word)| *word).collect();
        match words.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            Some((last, _)) => (*last).to_owned(),
            None => "nothing".to_owned(),
        }
    }

    /// The types that have a name in the language.
    pub(in crate::filter) const TYPES: [(&'static str, Self); 10] = [
        ("bool", Self::BOOL),
        ("bytes", Self::BYTES),
        ("double", Self::DOUBLE),
        ("int", Self::INT),
        ("list", Self::LIST),
        ("map", Self::MAP),
        ("null_type", Self::NULL),
        ("string", Self::TEXT),
        ("type", Self::TYPE),
        ("uint", Self::UINT),
    ];
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_named_in_words() {
        for (kinds, words) in [
            (Kinds::INT, "a number"),
            (Kinds::TEXT.or(Kinds::NULL), "a text"),
            (Kinds::NULL, "null"),
            (Kinds::LIST.or(Kinds::MAP), "a list or a map"),
            (Kinds::TEXT.or(Kinds::LIST).or(Kinds::MAP), "a text, a list or a map"),
            (Kinds::NONE, "nothing"),
        ] {
            assert_eq!(kinds.words(), words);
        }
    }
}

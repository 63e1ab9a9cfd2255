//! Numbers of any size.

use std::cmp::Ordering;
use std::fmt;

/// A number as it was written: no digit of it is lost.
#[derive(Clone)]
pub struct Number(Repr);

/// A number in as little memory as it takes.
#[derive(Clone)]
enum Repr {
    /// One that is written as whole numbers of 64 bits usually are.
    Whole(i64),
    /// Any other, as JSON has it.
    Text(Box<str>),
}

/// A number's digits without zeros around them, the point before the first, and the power of ten to multiply with.
struct Decimal<'a> {
    negative: bool,
    /// The digits before and after the point in the text.
    digits: (&'a [u8], &'a [u8]),
    /// Zero has no digits, and the least exponent.
    exponent: i128,
}

impl Number {
    /// Takes a text that is a number by JSON's grammar; `None` where it is not.
    pub fn parse(text: &str) -> Option<Self> {
        (length(text.as_bytes()) == Some(text.len())).then(|| Self::of(text))
    }

    /// Takes what is known to be a number.
    pub(super) fn of(text: &str) -> Self {
        let whole = text.parse::<i64>().ok().filter(|_| text != "-0");
        Self(whole.map_or_else(|| Repr::Text(text.into()), Repr::Whole))
    }

    /// The whole number that says all that was sent; `None` where that is more, or written otherwise.
    pub const fn whole(&self) -> Option<i64> {
        match self.0 {
            Repr::Whole(whole) => Some(whole),
            Repr::Text(_) => None,
        }
    }

    /// Whether it has so many digits that reading them again each time it is asked for would be dear.
    pub fn is_long(&self) -> bool {
        matches!(&self.0, Repr::Text(text) if text.len() > 64)
    }

    /// The whole number, where it is written as one and has 64 bits.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.0 {
            Repr::Whole(whole) => Some(*whole),
            Repr::Text(text) => text.parse().ok(),
        }
    }

    /// The whole number, where it is written as one, is not negative and has 64 bits.
    pub fn as_u64(&self) -> Option<u64> {
        match &self.0 {
            Repr::Whole(whole) => u64::try_from(*whole).ok(),
            Repr::Text(text) => text.parse().ok(),
        }
    }

    /// The number, as near as 64 bits of floating point come; `None` beyond their range.
    pub fn as_f64(&self) -> Option<f64> {
        match &self.0 {
            Repr::Whole(whole) => Some(*whole as f64),
            Repr::Text(text) => text.parse().ok().filter(|number: &f64| number.is_finite()),
        }
    }

    /// Which of two numbers is the greater, exactly. Exponents of more than 36 digits are as good as endless.
    pub fn compare(&self, other: &Self) -> Ordering {
        if let (Repr::Whole(one), Repr::Whole(other)) = (&self.0, &other.0) {
            return one.cmp(other);
        }
        let (one, other) = (self.to_string(), other.to_string());
        let (one, other) = (Decimal::of(&one), Decimal::of(&other));
        match (one.negative, other.negative) {
            (false, false) => one.size(&other),
            (true, true) => other.size(&one),
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
        }
    }
}

impl<'a> Decimal<'a> {
    /// Takes a number apart.
    fn of(text: &'a str) -> Self {
        const MOST: i128 = 10i128.pow(36);
        let (negative, rest) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let (mantissa, power) = rest.split_once(['e', 'E']).unwrap_or((rest, "0"));
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let endless = if power.starts_with('-') { -MOST } else { MOST };
        let power = power.parse::<i128>().map_or(endless, |power| power.clamp(-MOST, MOST));
        let whole = whole.trim_start_matches('0');
        let fraction = fraction.trim_end_matches('0');
        let (whole, fraction, exponent) = match (whole, fraction) {
            ("", fraction) => {
                let digits = fraction.trim_start_matches('0');
                ("", digits, -to_i128(fraction.len() - digits.len()))
            }
            (whole, "") => (whole.trim_end_matches('0'), "", to_i128(whole.len())),
            (whole, fraction) => (whole, fraction, to_i128(whole.len())),
        };
        let digits = (whole.as_bytes(), fraction.as_bytes());
        if whole.is_empty() && fraction.is_empty() {
            return Self { negative: false, digits, exponent: i128::MIN };
        }
        Self { negative, digits, exponent: exponent + power }
    }

    /// Which of two is the greater, whatever their signs.
    fn size(&self, other: &Self) -> Ordering {
        let digits = |number: &Self| number.digits.0.iter().chain(number.digits.1).copied().collect::<Vec<_>>();
        self.exponent.cmp(&other.exponent).then_with(|| digits(self).cmp(&digits(other)))
    }
}

/// A length as a number that can be negative.
fn to_i128(length: usize) -> i128 {
    i128::try_from(length).unwrap_or(i128::MAX)
}

/// How long the number is that a text begins with, by JSON's grammar; `None` where it begins with none.
pub(super) fn length(text: &[u8]) -> Option<usize> {
    let digits = |at: usize| text.get(at..).unwrap_or_default().iter().take_while(|byte| byte.is_ascii_digit()).count();
    let is = |at: usize, bytes: &[u8]| text.get(at).is_some_and(|byte| bytes.contains(byte));
    let mut at = usize::from(is(0, b"-"));
    at += match digits(at) {
        0 => return None,
        _ if is(at, b"0") => 1,
        more => more,
    };
    if is(at, b".") {
        at += match digits(at + 1) {
            0 => return None,
            more => 1 + more,
        };
    }
    if is(at, b"eE") {
        let sign = usize::from(is(at + 1, b"+-"));
        at += match digits(at + 1 + sign) {
            0 => return None,
            more => 1 + sign + more,
        };
    }
    Some(at)
}

impl PartialEq for Number {
    /// Whether both are the same number, however they are written.
    fn eq(&self, other: &Self) -> bool {
        self.compare(other) == Ordering::Equal
    }
}

impl Eq for Number {}

impl fmt::Display for Number {
    /// Writes the number as it was sent.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Whole(whole) => write!(f, "{whole}"),
            Repr::Text(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<i64> for Number {
    fn from(whole: i64) -> Self {
        Self(Repr::Whole(whole))
    }
}

impl From<u64> for Number {
    fn from(whole: u64) -> Self {
        Self::of(&whole.to_string())
    }
}

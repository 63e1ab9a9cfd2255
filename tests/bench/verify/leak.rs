//! Whether the time of a refusal tells how much of a guess was right, measured as `dudect` does.
//!
//! Two wrong guesses are tried in random order, millions of times; Welch's t says how sure we are that their times differ.
//! Above 10 they do; under 4.5 nothing is seen. A comparison that is known to leak is measured beside ours.

use std::hint::black_box;
use std::time::Instant;

use serde_json::{Value, json};

use super::request::{Request, SECRET};

/// The shares of the fastest calls that are looked at: the slow ones are the machine's.
const CROPS: &[f64] = &[0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0];

/// A secret as long as [`SECRET`], and unlike it.
const ANOTHER: &str = "b0a710ad5eed5afe7e11a1eb0a7deadfa11deb0a0ddba11c0ffee0ddfacade00";

/// How many calls go before the measurement.
const WARM: usize = 20_000;

/// Measures every path with so many calls each.
pub(crate) fn measure(calls: usize) -> Vec<Value> {
    let mut found = vec![control(calls)];
    for (sender, what) in [
        ("github", "HMAC, hexadecimal"),
        ("shopify", "HMAC, base64"),
        ("stripe", "HMAC, pairs"),
        ("standard-webhooks", "HMAC, list"),
        ("netlify", "JSON Web Token"),
        ("shared-secret", "token"),
        ("bearer", "bearer token"),
        ("query-token", "token in the query"),
    ] {
        let mut request = Request::signed(sender, vec![b'o'; 64]);
        let guesses = [Side::First, Side::Last].map(|side| spoiled(request.proof(), side));
        // Both guesses are read from one place, so that the caches treat them alike.
        let mut place = String::new();
        let t = compare(calls, |class| {
            place.clone_from(black_box(&guesses[class]));
            nanoseconds(|| assert!(!request.pass_with(black_box(&place)), "{sender}"))
        });
        found.push(row(what, "first letter wrong, last letter wrong", calls, &t));
        // One guess, so that decoding it is the same; the hook's key is laid into one place, from one of many copies.
        let keys: Vec<_> = (0..64).map(|copy| request.key([SECRET, ANOTHER][copy % 2])).collect();
        let mut dice = Dice(7);
        let t = compare(calls, |class| {
            request.take_key(black_box(&keys[dice.below(32) * 2 + class]));
            nanoseconds(|| assert!(!request.pass_with(black_box(&place)), "{sender}"))
        });
        found.push(row(what, "last letter wrong, all wrong", calls, &t));
    }
    found
}

/// The comparison that must be found out: it stops at the first letter that is wrong.
fn control(calls: usize) -> Value {
    let guesses = [Side::First, Side::Last].map(|side| spoiled(SECRET, side));
    let mut place = String::new();
    let t = compare(calls, |class| {
        place.clone_from(black_box(&guesses[class]));
        let mut pairs = black_box(SECRET).bytes().zip(black_box(&place).bytes());
        nanoseconds(|| assert!(!pairs.all(|(one, other)| black_box(one) == black_box(other))))
    });
    row("control: stops at the first wrong letter", "first letter wrong, last letter wrong", calls, &t)
}

/// How long something takes.
fn nanoseconds(check: impl FnOnce()) -> f64 {
    let began = Instant::now();
    check();
    began.elapsed().as_secs_f64() * 1e9
}

/// One line of the report.
fn row(path: &str, classes: &str, calls: usize, t: &[f64]) -> Value {
    let largest = t.iter().map(|t| t.abs()).fold(0.0, f64::max);
    json!({"path": path, "classes": classes, "calls": calls, "t": largest})
}

/// Welch's t between the times of two classes, for each crop.
fn compare(calls: usize, mut timed: impl FnMut(usize) -> f64) -> Vec<f64> {
    let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
    let mut times = [Vec::with_capacity(calls), Vec::with_capacity(calls)];
    for call in 0..calls + WARM {
        let class = dice.coin();
        let spent = timed(class);
        if call >= WARM {
            times[class].push(spent);
        }
    }
    let mut all: Vec<f64> = times.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    let limit = |crop: f64| all[((all.len() - 1) as f64 * crop) as usize];
    CROPS.iter().map(|crop| welch(&times, limit(*crop))).collect()
}

/// Welch's t of the times that are no longer than a limit.
fn welch(times: &[Vec<f64>; 2], limit: f64) -> f64 {
    let [one, other] = [0, 1].map(|class| Moments::of(times[class].iter().copied().filter(|time| *time <= limit)));
    let error = (one.variance / one.count + other.variance / other.count).sqrt();
    if error > 0.0 { (one.mean - other.mean) / error } else { 0.0 }
}

/// The count, mean and variance of some numbers.
struct Moments {
    count: f64,
    mean: f64,
    variance: f64,
}

impl Moments {
    /// Counts them in one pass, as Welford did.
    fn of(numbers: impl Iterator<Item = f64>) -> Self {
        let (mut count, mut mean, mut squares) = (0.0, 0.0, 0.0);
        for number in numbers {
            count += 1.0;
            let before = number - mean;
            mean += before / count;
            squares += before * (number - mean);
        }
        Self { count, mean, variance: squares / (count - 1.0) }
    }
}

/// Numbers that only look like chance: which guess is next must not follow a pattern that a processor learns.
struct Dice(u64);

impl Dice {
    /// 0 or 1.
    fn coin(&mut self) -> usize {
        self.below(2)
    }

    /// A number below a power of two.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as usize % end
    }
}

/// An end of a proof.
enum Side {
    First,
    Last,
}

/// Where the secret part of a proof begins: after its prefix or, in a token, after its claims.
fn start(proof: &str) -> usize {
    let named =
        ["sha256=", "v1=", "v1,", "Bearer ", "token="].iter().filter_map(|mark| Some(proof.rfind(mark)? + mark.len()));
    named.max().or_else(|| Some(proof.rfind('.')? + 1)).unwrap_or(0)
}

/// The proof with one letter of its secret part changed, at either end.
fn spoiled(proof: &str, side: Side) -> String {
    let start = start(proof);
    // The last letter of base64 and its padding carry too few bits to be changed freely.
    let at = match side {
        Side::First => start,
        Side::Last => proof.trim_end_matches('=').len() - 2,
    };
    changed(proof, at)
}

/// The proof with one letter changed into another of its kind: decoders take as long for it.
fn changed(proof: &str, at: usize) -> String {
    let other = |letter: char| match letter {
        '0'..='8' | 'a'..='e' | 'g'..='y' | 'A'..='Y' => char::from(letter as u8 + 1),
        '9' => '0',
        'f' => 'a',
        'z' => 'g',
        'Z' => 'A',
        other => other,
    };
    proof.chars().enumerate().map(|(place, letter)| if place == at { other(letter) } else { letter }).collect()
}

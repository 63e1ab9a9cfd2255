//! How long the core takes to verify a webhook, and whether that time tells anything about the secret.
//!
//! Run by `tests/bench/bench`; it prints one JSON object. It is built with the product's own versions and profile.

#![expect(clippy::expect_used, clippy::print_stdout, reason = "a program of the benchmarks")]

mod leak;
mod request;
mod speed;

fn main() {
    // `cargo bench` says `--bench`; anything else is a number of calls.
    let calls = std::env::args().skip(1).find_map(|word| word.parse().ok()).unwrap_or(1_000_000);
    let found = serde_json::json!({ "speed": speed::measure(), "leaks": leak::measure(calls) });
    println!("{found}");
}

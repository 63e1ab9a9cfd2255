//! Hostile input: what the fuzzer kept is thrown again, and no body makes a verifier take memory for it.

#![expect(clippy::expect_used, reason = "tests")]

mod allocations;
mod corpus;
mod proofs;
mod routing;

#[path = "../../../../tests/fuzz/src/lib.rs"]
#[expect(unreachable_pub, reason = "a crate of its own for the fuzzer")]
mod inputs;

//! What the tests share: a strict fake Bot API, real GitHub payloads, signing, and a harness for the `bellhop` binary.

#![expect(clippy::expect_used, reason = "test support: a failure here has to fail the test at once, with its reason")]

pub mod bot_api;
pub mod build;
pub mod far_ends;
pub mod github;
pub mod github_api;
pub mod hostile;
pub mod http;
pub mod manifest;
pub mod npm;
pub mod proxy;
pub mod raw;
pub mod serve;
pub mod sign;
pub mod sink;
pub mod stack;
pub mod stand_in;
pub mod tls_site;

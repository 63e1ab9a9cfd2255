//! The tests of the whole: the binary and the stack from outside, and the rules of the workspace.

#![expect(clippy::expect_used, reason = "tests")]

mod api;
mod apply;
mod bad_input;
mod canary;
mod commands;
mod conditions;
mod config;
mod crash;
mod deployed;
mod deployment;
mod deps;
mod discord;
mod duplicates;
mod duplicates_deployed;
mod far_ends;
mod faults;
mod forward;
mod handshakes;
mod html;
mod iam;
mod kinds;
mod manifest;
mod monitoring;
mod observability;
mod phases;
mod poison;
mod programs;
mod proofs;
mod reading;
mod readme;
mod reconcile;
mod rights;
mod rotation;
mod sdk;
mod senders;
mod serve_main_job;
mod sinks;
mod slack;
mod sockets;
mod subscriptions;
mod telegram;
mod template;
mod texts;
mod world;

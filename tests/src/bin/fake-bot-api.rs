//! The fake Bot API as a process: `fake-bot-api [--port N] [--control-port N] [--token TOKEN]`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program")]

use std::process::ExitCode;

use bellhop_tests::bot_api::limits::Limits;
use bellhop_tests::bot_api::{FakeBotApi, TOKEN};

#[tokio::main]
async fn main() -> ExitCode {
    let (mut port, mut control_port, mut token) = (0, 0, TOKEN.to_owned());
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        let value = arguments.next().unwrap_or_default();
        match (name.as_str(), value.parse()) {
            ("--port", Ok(number)) => port = number,
            ("--control-port", Ok(number)) => control_port = number,
            ("--token", _) if !value.is_empty() => token = value,
            _ => {
                eprintln!("usage: fake-bot-api [--port N] [--control-port N] [--token TOKEN]");
                return ExitCode::from(2);
            }
        }
    }
    let fake = FakeBotApi::start_with(&token, Limits::default(), port, control_port).await;
    println!("bot api on {}", fake.url());
    println!("control on {}/_control", fake.control_url());
    tokio::signal::ctrl_c().await.ok();
    ExitCode::SUCCESS
}

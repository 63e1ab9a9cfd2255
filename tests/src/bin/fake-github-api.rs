//! The fake of GitHub's API as a process: `fake-github-api [--port N]`.

#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line program")]

use std::process::ExitCode;

use bellhop_tests::github_api::FakeGitHubApi;

#[tokio::main]
async fn main() -> ExitCode {
    let mut port = 0;
    let mut arguments = std::env::args().skip(1);
    while let Some(name) = arguments.next() {
        match (name.as_str(), arguments.next().unwrap_or_default().parse()) {
            ("--port", Ok(number)) => port = number,
            _ => {
                eprintln!("usage: fake-github-api [--port N]");
                return ExitCode::from(2);
            }
        }
    }
    let fake = FakeGitHubApi::start_on(port).await;
    println!("github api on {}", fake.url());
    println!("control on {}/_control", fake.url());
    tokio::signal::ctrl_c().await.ok();
    ExitCode::SUCCESS
}

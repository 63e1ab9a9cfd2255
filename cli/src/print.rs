//! Words for the terminal.

use std::io::Write as _;

use bellhop_app::ports::{BotMessage, DryRun};

/// Prints a line for programs and people; a closed terminal is no reason to stop.
pub(crate) fn to_stdout(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints a line about trouble.
pub(crate) fn to_stderr(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Shows messages in the terminal while there is no bot.
pub(crate) struct Terminal;

impl DryRun for Terminal {
    fn show(&self, message: &BotMessage<'_>) {
        let mut shown = format!("┌─ Telegram, chat {} (not sent: there is no bot token)", message.chat);
        for line in message.text.lines() {
            // What came from outside must not steer the terminal.
            let line: String = line.chars().map(|c| if c.is_control() && c != '\t' { '·' } else { c }).collect();
            shown.push_str("\n│ ");
            shown.push_str(&line);
        }
        shown.push_str("\n└─");
        to_stdout(&shown);
    }
}

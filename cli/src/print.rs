//! Words for the terminal.

use std::io::Write as _;

use bellhop_app::ports::{BotMessage, DryRun};

/// Prints a line for programs and people; a closed terminal is no reason to stop.
pub(crate) fn to_stdout(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Prints one line in which something from outside may stand.
pub(crate) fn say(line: &str) {
    to_stdout(&plain(line));
}

/// Prints a text from outside, line by line.
pub(crate) fn show(text: &str) {
    text.lines().for_each(say);
}

/// A text without what would steer the terminal or turn its words around.
pub(crate) fn plain(text: &str) -> String {
    let steers = |c: char| {
        (c.is_control() && c != '\t')
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if steers(c) { '·' } else { c }).collect()
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
            shown.push_str("\n│ ");
            shown.push_str(&plain(line));
        }
        shown.push_str("\n└─");
        to_stdout(&shown);
    }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn nothing_from_outside_steers_the_terminal() {
        let text = "a\u{1b}[2Jb\u{7}c\u{9b}31m\rd\u{202e}e\tf\u{85}\n";
        assert_eq!(plain(text), "a·[2Jb·c·31m·d·e\tf··");
        assert_eq!(plain("Grüße – 你好 👋"), "Grüße – 你好 👋");
    }
}

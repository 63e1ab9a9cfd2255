//! `bellhop senders`: the senders that Bellhop knows, and how to set one up.

mod detail;
mod near;

use std::path::PathBuf;

use bellhop_senders::sender::{Sender, Verification};
use clap::Args;
use serde_json::Value;

use crate::config;
use crate::failure::Failure;
use crate::print::{say, to_stdout};

pub(crate) use near::named;

/// List the senders that Bellhop knows, or show one with its set-up steps.
///
/// A hook names one of them: `sender = "github"`. The sender decides how a request proves itself, where its event type and
/// delivery id are, and what a message reads like. Each line of the list says the name, the title, the category, what
/// proves a request, and what that was checked against; try an unverified one before relying on it.
#[derive(Args)]
#[command(after_help = "Examples:
  bellhop senders                       all of them
  bellhop senders payments              those of a category: code, chat, payments, saas, cloud, home, generic
  bellhop senders ed25519               those with this word in a column
  bellhop senders github                one, with the steps to set it up
  bellhop senders github --url https://hooks.example.com/webhook/github
  bellhop senders github --config bellhop.toml
  bellhop senders --json                for programs")]
pub(crate) struct Senders {
    /// A sender's name, to show it; or a category or a word, to list those it fits.
    #[arg(value_name = "NAME|WORD")]
    name: Option<String>,
    /// Print JSON: an object for one sender, a list of such objects for several.
    #[arg(long)]
    json: bool,
    /// The hook's whole URL, to fill it into the set-up steps.
    #[arg(long, value_name = "URL", requires = "name")]
    url: Option<String>,
    /// The configuration whose hooks of this sender, with `public_url`, say that URL.
    #[arg(long, value_name = "FILE", requires = "name", conflicts_with = "url")]
    config: Option<PathBuf>,
}

impl Senders {
    /// Prints one sender, or a line each.
    pub(crate) fn run(self) -> Result<(), Failure> {
        let word = self.name.as_deref().unwrap_or_default().trim();
        if let Some(sender) = Sender::named(word) {
            let urls = self.urls(sender)?;
            match self.json {
                true => to_stdout(&detail::json(sender, urls.first()).to_string()),
                false => detail::lines(sender, &urls).iter().for_each(|line| say(line)),
            }
            return Ok(());
        }
        let found = fitting(word);
        if found.is_empty() {
            return named(word).map(|_| ());
        }
        if self.json {
            to_stdout(&found.iter().map(|sender| detail::json(sender, None)).collect::<Value>().to_string());
            return Ok(());
        }
        found.iter().for_each(|sender| say(&line(sender)));
        let unverified = found.iter().filter(|sender| !is_verified(sender)).count();
        let of_these = if unverified > 0 { format!(", {unverified} of them unverified") } else { String::new() };
        say(&format!("{} senders{of_these}; `bellhop senders NAME` shows one", found.len()));
        Ok(())
    }

    /// The URLs to fill in: the one that was given, or those of the configuration's hooks of this sender.
    fn urls(&self, sender: &Sender) -> Result<Vec<String>, Failure> {
        let Some(file) = &self.config else {
            return Ok(self.url.iter().cloned().collect());
        };
        let checked = config::read(file)?;
        let name = file.display();
        let url = checked.settings.public_url.ok_or_else(|| {
            Failure(format!("{name} has no `public_url`, which every hook's URL begins with; set it, or give --url"))
        })?;
        let hooks: Vec<_> = checked.hooks.iter().filter(|draft| draft.sender.name == sender.name).collect();
        if hooks.is_empty() {
            return Err(Failure(format!("{name} has no hook with `sender = \"{}\"`", sender.name)));
        }
        let paths = hooks.into_iter().filter(|draft| !draft.path_is_open);
        Ok(paths.map(|draft| format!("{url}/webhook/{}", draft.hook.path)).collect())
    }
}

/// The senders that a category or a word fits, by name; all of them where there is no word.
fn fitting(word: &str) -> Vec<&'static Sender> {
    let word = word.to_lowercase();
    let of_category: Vec<_> = Sender::all().iter().filter(|sender| sender.facts().category == word).collect();
    if !of_category.is_empty() {
        return of_category;
    }
    Sender::all().iter().filter(|sender| line(sender).to_lowercase().contains(&word)).collect()
}

/// One sender in the list.
fn line(sender: &Sender) -> String {
    let mark = if is_verified(sender) { '✓' } else { '⚠' };
    let facts = sender.facts();
    let (name, title, family) = (sender.name, sender.facts().title, sender.family());
    format!("{name:22}  {title:34}  {:9}  {family:12}  {mark} {}", facts.category, facts.verified.name())
}

/// Whether the scheme was checked against anything.
fn is_verified(sender: &Sender) -> bool {
    sender.facts().verified != Verification::Unverified
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_fits_a_category_before_all_else() {
        let names = |word| fitting(word).iter().map(|sender| sender.name).collect::<Vec<_>>();
        assert!(names("home").iter().all(|name| Sender::named(name).unwrap().facts().category == "home"));
        assert!(["github", "gitlab", "gitea"].iter().all(|name| names("GIT").contains(name)));
        assert!(names("ed25519").contains(&"discord"));
        assert_eq!(names("").len(), Sender::all().len());
        assert_eq!(names("no such thing"), [""; 0]);
    }
}

//! Finding a sender by its name, and the nearest names where it is none.

use bellhop_senders::sender::Sender;

use crate::failure::Failure;
use crate::print::plain;

/// How many names are suggested.
const MOST: usize = 3;

/// The sender of this name; the failure says which names are near.
pub(crate) fn named(name: &str) -> Result<&'static Sender, Failure> {
    Sender::named(name).ok_or_else(|| {
        let near: Vec<_> = near(name).iter().map(|name| format!("`{name}`")).collect();
        let near = if near.is_empty() { String::new() } else { format!("did you mean {}? ", near.join(" or ")) };
        Failure(format!("no sender is called `{}`; {near}`bellhop senders` lists all", plain(name)))
    })
}

/// The names that a few slips of the finger make of this one, the nearest first.
fn near(name: &str) -> Vec<&'static str> {
    let name = name.to_lowercase();
    // A longer name than any sender's is no slip, and comparing takes time by the square of its length.
    if name.len() > 40 {
        return Vec::new();
    }
    let slips = |sender: &&Sender| {
        let title = sender.facts().title.to_lowercase();
        [sender.name, &title]
            .into_iter()
            .map(|other| strsim::damerau_levenshtein(&name, other))
            .min()
            .unwrap_or(usize::MAX)
    };
    let mut all: Vec<_> = Sender::all().iter().map(|sender| (slips(&sender), sender.name)).collect();
    all.retain(|(slips, _)| *slips <= (name.chars().count() / 3).max(1));
    all.sort_unstable();
    all.into_iter().map(|(_, name)| name).take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn a_slip_of_the_finger_is_forgiven() {
        for (written, meant) in
            [("gihtub", "github"), ("GitHub", "github"), ("stirpe", "stripe"), ("shoppify", "shopify")]
        {
            assert_eq!(near(written).first(), Some(&meant), "{written}");
        }
        for nothing in ["", "qqqqqqqq", &"x".repeat(100_000)] {
            assert_eq!(near(nothing), [""; 0]);
        }
    }
}

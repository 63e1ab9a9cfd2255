//! Slack's markup as its clients read it.
//! Source: <https://docs.slack.dev/messaging/formatting-message-text>.

/// A text as people see it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shown {
    /// The letters, without what is between angle brackets and with `&amp;`, `&lt;` and `&gt;` decoded; the marks of
    /// bold, italic, struck and code text are left.
    pub text: String,
    /// Who is called: `<!channel>`, `<@U…>`, `@here` where names are linked.
    pub mentions: Vec<String>,
    /// The links: address and label, which are the same where there is no label.
    pub links: Vec<(String, String)>,
    /// What should have been escaped: a lone `&`, `<` or `>` with what follows it.
    pub unescaped: Vec<String>,
}

impl Shown {
    /// Adds another text of the same message, on a new line.
    pub(super) fn add(&mut self, other: Self) {
        if !self.text.is_empty() && !other.text.is_empty() {
            self.text.push('\n');
        }
        self.text.push_str(&other.text);
        self.mentions.extend(other.mentions);
        self.links.extend(other.links);
        self.unescaped.extend(other.unescaped);
    }

    /// A text with no markup.
    pub(super) fn plain(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }
}

/// Reads a text; with `names`, a name after an `@` calls whoever has it, as `link_names` and `parse` have it.
pub(super) fn read(text: &str, names: bool) -> Shown {
    let mut shown = Shown::default();
    let mut rest = text;
    let excerpt = |rest: &str| rest.chars().take(12).collect::<String>();
    while let Some(letter) = rest.chars().next() {
        let after = &rest[letter.len_utf8()..];
        match letter {
            '<' => match after.split_once('>') {
                Some((inner, after)) if !inner.is_empty() && !inner.contains(['<', '\n']) => {
                    shown.bracketed(inner);
                    rest = after;
                    continue;
                }
                _ => shown.unescaped.push(excerpt(rest)),
            },
            '&' => {
                let entity = [("&amp;", '&'), ("&lt;", '<'), ("&gt;", '>')];
                if let Some((entity, letter)) = entity.into_iter().find(|(entity, _)| rest.starts_with(entity)) {
                    shown.text.push(letter);
                    rest = &rest[entity.len()..];
                    continue;
                }
                shown.unescaped.push(excerpt(rest));
            }
            // At the beginning of a line it is a quote.
            '>' if !(shown.text.is_empty() || shown.text.ends_with('\n')) => shown.unescaped.push(excerpt(rest)),
            '@' if names && !shown.text.ends_with(char::is_alphanumeric) => {
                let name: String = after.chars().take_while(|c| c.is_alphanumeric() || "._-".contains(*c)).collect();
                if !name.is_empty() {
                    shown.mentions.push(format!("@{name}"));
                }
            }
            _ => {}
        }
        shown.text.push(letter);
        rest = after;
    }
    shown
}

impl Shown {
    /// Takes what stands between angle brackets.
    fn bracketed(&mut self, inner: &str) {
        let (what, label) = inner.split_once('|').unwrap_or((inner, inner));
        let decode = |text: &str| text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
        if what.starts_with("!date^") {
            self.text.push_str(&decode(label));
        } else if what.starts_with(['!', '@']) {
            self.mentions.push(format!("<{what}>"));
            self.text.push_str(&decode(label));
        } else if what.starts_with('#') {
            self.text.push_str(&decode(label));
        } else if ["http://", "https://", "mailto:", "tel:"].iter().any(|scheme| what.starts_with(scheme)) {
            self.links.push((decode(what), decode(label)));
            self.text.push_str(&decode(label));
        } else {
            self.unescaped.push(format!("<{inner}>"));
            self.text.push_str(inner);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Shown, read};

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn every_way_to_call_somebody_is_seen() {
        for call in ["<!channel>", "<!here>", "<!everyone>", "<!subteam^S012>", "<@U012AB3CD>", "<@W012AB3CD>"] {
            assert_eq!(read(&format!("`a` {call} b"), false).mentions, list(&[call]), "{call}");
            let labelled = call.replace('>', "|x>");
            assert_eq!(read(&labelled, false), Shown { text: "x".into(), mentions: list(&[call]), ..Shown::default() });
        }
        assert_eq!(read("@here, a@b.example (@jo-e.x) &lt;!channel&gt;", true).mentions, list(&["@here", "@jo-e.x"]));
        for inert in ["@here @channel", "&lt;!channel&gt;", "<#C012|general>", "<!date^1392734382^{date}|today>"] {
            assert_eq!(read(inert, false).mentions, list(&[]), "{inert}");
        }
    }

    #[test]
    fn links_are_told_from_letters() {
        let shown = read("see <https://a.example/?x=1&amp;y=2|it &amp; us> or <mailto:a@b.example>\n> said", false);
        assert_eq!(shown.text, "see it & us or mailto:a@b.example\n> said");
        assert_eq!(shown.links[0], ("https://a.example/?x=1&y=2".to_owned(), "it & us".to_owned()));
        assert_eq!((shown.links.len(), shown.unescaped.len()), (2, 0));
    }

    #[test]
    fn what_was_not_escaped_is_seen() {
        for bad in ["a & b", "a < b", "a > b", "<b>", "&quot;", "x <>", "<a\nb>"] {
            assert!(!read(bad, false).unescaped.is_empty(), "{bad}");
        }
        for good in ["a &amp; b", "a &lt; b &gt; c", "> quoted", "a\n>quoted"] {
            assert_eq!(read(good, false).unescaped, list(&[]), "{good}");
        }
    }
}

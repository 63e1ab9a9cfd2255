//! The nearest known name to one that is unknown.

/// The known name that was probably meant: the same but for case and marks, the start of it or a few letters away.
pub(crate) fn nearest<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<&'n str> {
    let plain = |name: &str| -> String {
        name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).take(64).collect()
    };
    let meant = plain(name);
    let most = (meant.chars().count() / 3).max(1);
    let distance = |known: &str| {
        let known = plain(known);
        let is_start = meant.len() >= 3 && (known.starts_with(&meant) || meant.starts_with(&known) && known.len() >= 3);
        if is_start && known != meant { 1 } else { strsim::osa_distance(&meant, &known) }
    };
    let near = known.into_iter().map(|known| (distance(known), known)).filter(|(distance, _)| *distance <= most);
    near.min().map(|(_, known)| known)
}

/// The end of an error about an unknown name: the nearest known one, or all of them.
pub(in crate::filter) fn suggestion<'n>(name: &str, known: impl IntoIterator<Item = &'n str> + Clone) -> String {
    match nearest(name, known.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found() {
        let known = ["startsWith", "size", "matches", "exists_one"];
        for (name, near) in [
            ("startswith", Some("startsWith")),
            ("starts_with", Some("startsWith")),
            ("match", Some("matches")),
            ("siez", Some("size")),
            ("existsOne", Some("exists_one")),
            ("foo", None),
            ("", None),
        ] {
            assert_eq!(nearest(name, known), near, "{name}");
        }
        assert_eq!(suggestion("foo", ["a", "b"]), "there are a, b");
    }
}

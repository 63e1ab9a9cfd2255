//! Finds the line of a field in a TOML file.

use toml::de::{DeTable, DeValue};

/// The line of a byte, counted from 1.
pub(super) fn line_at(text: &str, byte: usize) -> usize {
    1 + text.bytes().take(byte).filter(|byte| *byte == b'\n').count()
}

/// The line of a field such as `hooks[1].actions[0].chat`; of what it stands in, where the field itself is missing.
pub(super) fn line_of(text: &str, field: &str) -> usize {
    let Ok(table) = DeTable::parse(text) else {
        return 1;
    };
    let mut start = table.span().start;
    let mut table = Some(table.get_ref());
    let mut array: Option<&[toml::Spanned<DeValue<'_>>]> = None;
    for step in field.split(['.', '[']) {
        let next = match (step.strip_suffix(']').map(str::parse::<usize>), table, array) {
            (Some(Ok(index)), _, Some(values)) => values.get(index).map(|value| (value.span().start, value.get_ref())),
            (None, Some(table), _) => {
                let entry = table.iter().find(|(name, _)| name.get_ref() == step);
                entry.map(|(name, value)| (name.span().start, value.get_ref()))
            }
            _ => None,
        };
        let Some((at, value)) = next else { break };
        start = at;
        (table, array) = match value {
            DeValue::Table(table) => (Some(table), None),
            DeValue::Array(values) => (None, Some(&values[..])),
            _ => (None, None),
        };
    }
    line_at(text, start)
}

#[cfg(test)]
mod tests {
    use super::line_of;

    #[test]
    fn fields_are_found_where_they_stand() {
        let text = "public_url = 'x'\n\n[[hooks]]\nname = 'a'\nsecrets = [\n  'env:A',\n  'env:B',\n]\n  [[hooks.actions]]\n  kind = 'telegram'\n\n[[hooks]]\nname = 'b'\n";
        for (field, line) in [
            ("public_url", 1),
            ("hooks[0].name", 4),
            ("hooks[0].secrets", 5),
            ("hooks[0].secrets[1]", 7),
            ("hooks[0].actions[0].kind", 10),
            ("hooks[1].name", 13),
            ("hooks[1].sender", 12),
            ("nothing", 1),
        ] {
            assert_eq!(line_of(text, field), line, "{field}");
        }
    }
}

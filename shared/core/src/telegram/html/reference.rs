//! Character references: `&amp;`, `&#233;`, `&#xe9;`.

/// Writes what the reference at the front of `html` stands for and returns what follows it.
///
/// An `&` that begins none stands for itself, as it does for Telegram.
pub(super) fn decode<'a>(html: &'a str, text: &mut String) -> &'a str {
    match read(html) {
        Some((c, length)) => {
            text.push(c);
            &html[length..]
        }
        None => {
            text.push('&');
            html.strip_prefix('&').unwrap_or(html)
        }
    }
}

/// The character of the reference at the front, and the reference's length.
fn read(html: &str) -> Option<(char, usize)> {
    let body = html.strip_prefix('&')?;
    let name_length = body.bytes().take(10).position(|byte| byte == b';')?;
    let name = &body[..name_length];
    let c = match name {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "quot" => '"',
        _ => numbered(name.strip_prefix('#')?)?,
    };
    Some((c, name_length + 2))
}

/// The character of this number, decimal or `x` and hexadecimal.
fn numbered(number: &str) -> Option<char> {
    let (digits, radix) = match number.strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    char::from_u32(u32::from_str_radix(digits, radix).ok()?).filter(|c| *c != '\0')
}

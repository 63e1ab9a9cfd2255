//! The kept corpus: a file for each target, and in it a line for each input, with all but plain letters escaped.

/// The inputs of a file.
pub fn read(text: &str) -> Vec<Vec<u8>> {
    text.lines().map(unescaped).collect()
}

/// The file of these inputs.
pub fn write(mut inputs: Vec<Vec<u8>>) -> String {
    inputs.sort();
    inputs.dedup();
    inputs.iter().map(|input| format!("{}\n", input.escape_ascii())).collect()
}

/// The bytes that a line stands for.
fn unescaped(line: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(line.len());
    let mut rest = line.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        let (byte, taken) = match (*first, more) {
            (b'\\', [b'x', high, low, ..]) => (hex::decode([*high, *low]).map_or(b'?', |byte| byte[0]), 3),
            (b'\\', [b'n', ..]) => (b'\n', 1),
            (b'\\', [b'r', ..]) => (b'\r', 1),
            (b'\\', [b't', ..]) => (b'\t', 1),
            (b'\\', [other, ..]) => (*other, 1),
            (other, _) => (other, 0),
        };
        bytes.push(byte);
        rest = rest.get(taken..).unwrap_or_default();
    }
    bytes
}

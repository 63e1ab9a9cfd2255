//! Odd bodies: the fuzzer's, and others made from ordinary ones by rules, the same at every run.

use std::fmt::Write as _;

/// A content type and a body.
pub(crate) type Body = (String, Vec<u8>);

/// How many bodies of each kind are made.
const JSONS: usize = 4_000;
const FORMS: usize = 1_200;
const MULTIPARTS: usize = 1_200;

/// The form's content type.
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

/// Numbers that look random and are the same at every run (Marsaglia's xorshift).
struct Dice(u64);

impl Dice {
    /// A number below `end`.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap_or_default() % end.max(1)
    }

    /// One of these.
    fn one<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T {
        of[self.below(of.len())]
    }
}

/// All bodies.
pub(crate) fn all() -> Vec<Body> {
    let mut dice = Dice(0x2545_f491_4f6c_dd1d);
    let mut all = kept();
    all.extend((0..JSONS).map(|_| json(&mut dice)));
    all.extend((0..FORMS).map(|_| form(&mut dice)));
    all.extend((0..MULTIPARTS).map(|_| multipart(&mut dice)));
    all
}

/// What the fuzzer kept, each as JSON and as a form, without the lines with senders and headers before it.
fn kept() -> Vec<Body> {
    let mut all = Vec::new();
    for target in ["event_body", "body_token", "handshakes", "mailgun", "sns", "adyen", "travis_form", "twilio_form"] {
        let file = format!("{}/../../tests/fuzz/corpus/{target}.txt", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&file).expect("the corpus is there");
        for line in text.lines() {
            let bytes = unescaped(line);
            let start = bytes.iter().position(|byte| matches!(byte, b'{' | b'[')).unwrap_or_default();
            all.push(("application/json".to_owned(), bytes[start..].to_vec()));
            all.push((FORM.to_owned(), bytes[start..].to_vec()));
        }
    }
    all
}

/// The bytes of a line of the corpus.
fn unescaped(line: &str) -> Vec<u8> {
    let mut rest = line.bytes();
    let mut out = Vec::new();
    while let Some(byte) = rest.next() {
        out.push(match (byte, byte == b'\\') {
            (_, true) => match rest.next() {
                Some(b'n') => b'\n',
                Some(b'r') => b'\r',
                Some(b't') => b'\t',
                Some(b'x') => {
                    let digits = [rest.next(), rest.next()].map(|digit| char::from(digit.unwrap_or(b'0')));
                    u8::from_str_radix(&digits.iter().collect::<String>(), 16).unwrap_or(b'?')
                }
                other => other.unwrap_or(b'\\'),
            },
            (plain, false) => plain,
        });
    }
    out
}

/// Pieces of which JSON is made, and such as break it.
const PIECES: &[&[u8]] = &[
    b"1e400",
    b"-0",
    b"0.10",
    b"1E+2",
    b"123456789012345678901234567890",
    b"01",
    b"1.",
    b".5",
    b"-",
    b"+1",
    b"NaN",
    b"Infinity",
    b"-Infinity",
    b"null",
    b"true",
    b"false",
    b"nul",
    b"\"\\ud83d\"",
    b"\"\\ude00\\ud83d\"",
    b"\"\\ud83d\\ude00\"",
    b"\"\\u12\"",
    b"\"\\x41\"",
    b"\"\x01\"",
    b"\"a\nb\"",
    b"\"\xff\"",
    b"\"\xed\xa0\x80\"",
    b"\"\xe2\x82\"",
    b"'a'",
    b"// c",
    b"/* c */",
    b",",
    b",,",
    b":",
    b"[",
    b"]",
    b"{",
    b"}",
    b"\"",
    b"\\",
    b" ",
    b"\xc2\xa0",
    b"\x0b",
    b"\x00",
    b"\xef\xbb\xbf",
    b"{}",
    b"[]",
    b"{\"a\":1,\"a\":2}",
    b"\"\\/\\b\\f\\n\\r\\t\"",
    b"\"\xf0\x9f\x98\x80\"",
    b"[[[[[[[[[[1]]]]]]]]]]",
    b"0x10",
    b"1_000",
    b"\"\\u0000\"",
    b"\xe2\x80\xa8",
    b"undefined",
];

/// An ordinary document, then changed in up to three places, then written in some encoding.
fn json(dice: &mut Dice) -> Body {
    let mut text = Vec::new();
    value(dice, 4, &mut text);
    for _ in 0..dice.below(4) {
        let at = dice.below(text.len() + 1);
        match dice.below(4) {
            0 => drop(text.splice(at..at, dice.one(PIECES).iter().copied())),
            1 => text.truncate(at.max(1)),
            2 => drop((at < text.len()).then(|| text.remove(at))),
            _ => {
                let end = (at + dice.below(9)).min(text.len());
                drop(text.splice(at..end, dice.one(PIECES).iter().copied()));
            }
        }
    }
    let units = |text: &[u8], order: fn(u16) -> [u8; 2]| {
        String::from_utf8_lossy(text).encode_utf16().flat_map(order).collect::<Vec<u8>>()
    };
    let text = match dice.below(16) {
        0 => [b"\xef\xbb\xbf", &text[..]].concat(),
        1 => units(&text, u16::to_le_bytes),
        2 => units(&text, u16::to_be_bytes),
        3 => [b"\xff\xfe".to_vec(), units(&text, u16::to_le_bytes)].concat(),
        4 => String::from_utf8_lossy(&text).chars().flat_map(|c| u32::from(c).to_le_bytes()).collect(),
        5 => {
            let levels = dice.below(200);
            [b"[".repeat(levels), text, b"]".repeat(levels)].concat()
        }
        _ => text,
    };
    (dice.one(&["application/json", "", "text/plain", FORM]).to_owned(), text)
}

/// A value of at most so many levels.
fn value(dice: &mut Dice, levels: usize, out: &mut Vec<u8>) {
    let space = |dice: &mut Dice, out: &mut Vec<u8>| out.extend(dice.one(&["", "", "", " ", "\n\t"]).bytes());
    match dice.below(if levels == 0 { 6 } else { 10 }) {
        0..4 => out.extend(*dice.one(&[
            &PIECES[0],
            &PIECES[1],
            &PIECES[2],
            &PIECES[3],
            &PIECES[4],
            &PIECES[13],
            &PIECES[14],
            &PIECES[17],
            &PIECES[19],
            &PIECES[49],
        ])),
        4 | 5 => out.extend(format!("\"{}\"", dice.one(&["", "a", "é\u{2028}", "long ".repeat(9).as_str()])).bytes()),
        6 | 7 => {
            out.push(b'[');
            for at in 0..dice.below(4) {
                out.extend((at > 0).then_some(b','));
                space(dice, out);
                value(dice, levels - 1, out);
            }
            out.push(b']');
        }
        _ => {
            out.push(b'{');
            for at in 0..dice.below(4) {
                out.extend((at > 0).then_some(b','));
                out.extend(format!("\"{}\"", dice.one(&["a", "b", "", "payload", "\\u00e9", "a.b"])).bytes());
                space(dice, out);
                out.push(b':');
                value(dice, levels - 1, out);
            }
            out.push(b'}');
        }
    }
}

/// A form with odd escapes, in some charset.
fn form(dice: &mut Dice) -> Body {
    let mut body = String::new();
    for at in 0..dice.below(6) {
        body += if at > 0 { "&" } else { "" };
        for _ in 0..dice.below(5) {
            body += dice.one(&[
                "a",
                "b=",
                "payload=",
                "%7B%22a%22%3A1.10%7D",
                "+",
                "%20",
                "%C3%A9",
                "%E9",
                "%",
                "%zz",
                "%4",
                "%2B",
                "=",
                "&&",
                "é",
                "%EF%BB%BF",
                "%00",
                "%0A",
                "{",
                "}",
                "[1]",
                "caf%E9",
                "%CF%F0",
                ";",
                "?",
                "#",
                "%ED%A0%80",
                "\u{feff}",
            ]);
        }
    }
    let charset =
        dice.one(&["", "", "; charset=utf-8", "; charset=ISO-8859-1", "; charset=\"windows-1251\"", ";charset=koi8-r"]);
    (format!("{FORM}{charset}"), body.into_bytes())
}

/// A body of parts, written as the many programs do that write them.
fn multipart(dice: &mut Dice) -> Body {
    let boundary = dice.one(&["b", "----WebKitFormBoundary7MA4", "a b:c=;'", "=_x_="]);
    let kind = dice.one(&["form-data", "form-data", "mixed", "related"]);
    let line = dice.one(&["\r\n", "\r\n", "\n"]);
    let mut body = dice.one(&["", "", "This is the preamble.\r\n", "--\r\n", "\n"]).to_owned();
    for _ in 0..dice.below(5) {
        write!(body, "--{boundary}{}{line}", dice.one(&["", "", " ", "\t"])).expect("it is a string");
        body += &part(dice, kind == "form-data", line);
        body += line;
    }
    body += &match dice.below(6) {
        0 => String::new(),
        1 => format!("--{boundary}--"),
        2 => format!("--{boundary}--{line}Epilogue{line}--{boundary}{line}{line}late"),
        _ => format!("--{boundary}--{line}"),
    };
    let quoted = if boundary.contains([' ', '=', ';']) || dice.below(2) == 0 { "\"" } else { "" };
    (format!("multipart/{kind}; boundary={quoted}{boundary}{quoted}"), body.into_bytes())
}

/// One part with its headers.
fn part(dice: &mut Dice, named: bool, line: &str) -> String {
    let mut headers = Vec::new();
    if named {
        let name = dice.one(&["a", "b", "payload", "message", "x[y]"]);
        let file = dice.one(&[
            "",
            "",
            "",
            "; filename=\"a b.jpg\"",
            "; filename=x.txt",
            "; filename=\"q\\\"q\\\\.txt\"",
            "; filename=\"\"",
        ]);
        headers.push(match dice.below(4) {
            0 => format!("content-disposition:form-data;name={name}{file}"),
            1 => format!("Content-Disposition: form-data;{line} name=\"{name}\"{file}"),
            _ => format!("Content-Disposition: form-data; name=\"{name}\"{file}"),
        });
    }
    let json = dice.below(3) == 0;
    let kind = if json {
        "application/json"
    } else {
        dice.one(&["", "", "text/plain", "text/plain; charset=iso-8859-1", "image/jpeg"])
    };
    headers.extend((!kind.is_empty()).then(|| format!("Content-Type: {kind}")));
    let text = match json {
        true => dice.one(&["{\"a\":1.10}", "[1,\"x\"]", "7", "{broken", "{\"s\":\"\\ud83d\"}", "null", ""]),
        false => {
            dice.one(&["Hello", "", "two\r\nlines", "caf\u{e9}", "--", "--bb", "{\"a\":[]}", " space ", "=3D", "SGk="])
        }
    };
    let text = match dice.below(8) {
        0 => {
            headers.push("Content-Transfer-Encoding: base64".to_owned());
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, text)
        }
        1 => {
            headers.push("Content-Transfer-Encoding: Quoted-Printable".to_owned());
            text.replace('=', "=3D").replace('é', "=C3=A9").replace(' ', "=20")
        }
        _ => text.to_owned(),
    };
    headers.iter().map(|header| format!("{header}{line}")).collect::<String>() + line + &text
}

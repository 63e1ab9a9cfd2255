//! Hashes and ids within a text, taken out as the bytes that they are: as hexadecimal digits they take a quarter more even
//! when they are compressed, and webhooks are full of them.
//!
//! What is taken out leaves a mark: one control character, which stands in no JSON. Where the same comes again, the mark
//! says how long ago it was there.

use super::MOST_BYTES;

/// The marks: of so many digits, of a UUID with its hyphens, and of what was there before.
const DIGITS_64: u8 = 0x11;
const DIGITS_40: u8 = 0x12;
const DIGITS_32: u8 = 0x13;
const UUID: u8 = 0x14;
const AGAIN: u8 = 0x15;

/// Behind [`AGAIN`]: this for the last that was taken out, one more for each before it, up to so many.
const LAST: u8 = b' ';
const MOST_AGAIN: usize = 90;

/// The shortest run of digits that may be one: the first of a UUID.
const SHORTEST: usize = 8;

/// With at most so many different digits, the text compresses better than the bytes.
const FEW_DIGITS: u32 = 4;

/// The digits.
const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The hyphens of a UUID.
const HYPHENS: [usize; 4] = [8, 13, 18, 23];

/// Something that was taken out: its mark, and its bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Taken {
    mark: u8,
    bytes: [u8; 32],
}

impl Taken {
    /// An id that both sides know.
    fn known(id: &[u8; 16]) -> Self {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(id);
        Self { mark: UUID, bytes }
    }

    /// What begins a run of digits at the start of this text, and how long it is there.
    fn read(text: &[u8], run: usize) -> Option<(Self, usize)> {
        let (mark, length) = match run {
            64 => (DIGITS_64, 64),
            40 => (DIGITS_40, 40),
            32 => (DIGITS_32, 32),
            8 => (UUID, 36),
            _ => return None,
        };
        let written = text.get(..length)?;
        if mark == UUID {
            let fits = |(place, byte): (usize, &u8)| match HYPHENS.contains(&place) {
                true => *byte == b'-',
                false => digit(*byte).is_some(),
            };
            let goes_on = text.get(length).is_some_and(|byte| digit(*byte).is_some());
            if goes_on || !written.iter().enumerate().all(fits) {
                return None;
            }
        }
        let (mut bytes, mut different) = ([0; 32], 0_u16);
        for (place, digit) in written.iter().filter_map(|byte| digit(*byte)).enumerate() {
            different |= 1 << digit;
            bytes[place / 2] |= if place % 2 == 0 { digit << 4 } else { digit };
        }
        (different.count_ones() > FEW_DIGITS).then_some((Self { mark, bytes }, length))
    }

    /// Its bytes.
    fn bytes(&self) -> &[u8] {
        &self.bytes[..length(self.mark)]
    }

    /// Writes it as it was.
    fn write(&self, out: &mut Vec<u8>) {
        for (place, byte) in self.bytes().iter().enumerate() {
            if self.mark == UUID && [4, 6, 8, 10].contains(&place) {
                out.push(b'-');
            }
            out.extend([DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
    }
}

/// A text without what can be taken out, and the bytes of that, one behind the other; `None` where marks stand in it.
pub(super) fn take_out(text: &[u8], known: Option<&[u8; 16]>) -> Option<(Vec<u8>, Vec<u8>)> {
    // All of a chunk together, which takes an instruction for many bytes.
    let is_mark = |any: bool, byte: &u8| any | (DIGITS_64..=AGAIN).contains(byte);
    if text.chunks(4096).any(|chunk| chunk.iter().fold(false, is_mark)) {
        return None;
    }
    let (mut rest, mut bytes) = (Vec::with_capacity(text.len()), Vec::new());
    let mut seen: Vec<Taken> = known.map(Taken::known).into_iter().collect();
    let (mut place, mut copied) = (0, 0);
    while let Some(last) = text.get(place + SHORTEST - 1) {
        // What is no digit ends every run that could begin before it: most of a text is passed over so.
        if digit(*last).is_none() {
            place += SHORTEST;
            continue;
        }
        let before = text[copied..place + SHORTEST - 1].iter().rev().take_while(|byte| digit(**byte).is_some()).count();
        let start = place + SHORTEST - 1 - before;
        let run = before + text[start + before..].iter().take_while(|byte| digit(**byte).is_some()).count();
        let Some((taken, length)) = Taken::read(&text[start..], run) else {
            place = start + run;
            continue;
        };
        place = start;
        rest.extend_from_slice(&text[copied..place]);
        place += length;
        copied = place;
        match seen.iter().rev().take(MOST_AGAIN).position(|other| *other == taken) {
            Some(ago) => rest.extend([AGAIN, LAST + u8::try_from(ago).unwrap_or(0)]),
            None => {
                rest.push(taken.mark);
                bytes.extend_from_slice(taken.bytes());
                seen.push(taken);
            }
        }
    }
    rest.extend_from_slice(&text[copied..]);
    Some((rest, bytes))
}

/// The text as it was, or nothing where these are not its parts, or are those of one that is longer than any.
pub(super) fn put_back(rest: &[u8], mut bytes: &[u8], known: Option<&[u8; 16]>) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(rest.len() + 4 * bytes.len());
    let mut seen: Vec<Taken> = known.map(Taken::known).into_iter().collect();
    let mut parts = rest.iter();
    while let Some(byte) = parts.next() {
        let taken = match *byte {
            AGAIN => {
                let ago = usize::from(parts.next()?.checked_sub(LAST)?);
                *seen.get(seen.len().checked_sub(ago + 1)?)?
            }
            mark @ DIGITS_64..=UUID => {
                let own = bytes.split_off(..length(mark))?;
                let mut taken = Taken { mark, bytes: [0; 32] };
                taken.bytes[..own.len()].copy_from_slice(own);
                seen.push(taken);
                taken
            }
            other => {
                text.push(other);
                continue;
            }
        };
        taken.write(&mut text);
        if text.len() > MOST_BYTES {
            return None;
        }
    }
    bytes.is_empty().then_some(text)
}

/// How many bytes a mark stands for.
const fn length(mark: u8) -> usize {
    match mark {
        DIGITS_64 => 32,
        DIGITS_40 => 20,
        _ => 16,
    }
}

/// The value of a digit.
const fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    const ID: [u8; 16] = [0x01, 0xa2, 3, 4, 5, 6, 0x71, 8, 0x89, 10, 11, 12, 13, 14, 15, 16];

    /// The id as it is written.
    fn id() -> String {
        let mut text = Vec::new();
        Taken::known(&ID).write(&mut text);
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn hashes_and_ids_leave_a_mark_and_come_back() {
        let hash = |n: u8, digits: usize| hex::encode(Sha256::digest([n]))[..digits].to_owned();
        let (sha, commit, md5) = (hash(1, 64), hash(2, 40), hash(3, 32));
        let text = format!(
            "sha256={sha}\",{commit}:{commit}{{{md5}}} {} {} {commit} deadbeef {}",
            id(),
            id().to_uppercase(),
            "0".repeat(40)
        );
        for known in [None, Some(&ID)] {
            let (rest, bytes) = take_out(text.as_bytes(), known).unwrap();
            assert_eq!(bytes.len(), 32 + 20 + 16 + if known.is_some() { 0 } else { 16 });
            assert!(rest.len() < 150, "{}", String::from_utf8_lossy(&rest));
            assert!(put_back(&rest, &bytes, known).unwrap() == text.as_bytes());
        }
    }

    #[test]
    fn whatever_looks_like_them_comes_back() {
        let alphabet = b"0123456789abcdefABCDEF--g\"\n";
        for n in 0..2_000_u32 {
            let digest = |part: u8| Sha256::digest([&n.to_be_bytes()[..], &[part]].concat());
            let mut text: Vec<u8> =
                (0..6).flat_map(digest).map(|b| alphabet[usize::from(b) % alphabet.len()]).collect();
            // Runs of digits of every length about those that are taken out, in and at the ends of the text.
            let run = hex::encode([digest(7), digest(8)].concat());
            let (at, length) = (n as usize % text.len(), 30 + n as usize % 37);
            text.splice(at..at, run.bytes().take(length));
            text.extend(id().bytes().skip(n as usize % 3));
            text.extend_from_slice(&run.as_bytes()[..if n % 2 == 0 { 40 } else { 64 }]);
            let (rest, bytes) = take_out(&text, Some(&ID)).unwrap();
            assert!(put_back(&rest, &bytes, Some(&ID)).unwrap() == text, "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn the_same_long_ago_is_taken_out_anew() {
        let hashes: Vec<_> = (0..200_u8).map(|n| hex::encode(Sha256::digest([n]))).collect();
        let text = [hashes.join(","), hashes.join(" ")].concat();
        let (rest, bytes) = take_out(text.as_bytes(), None).unwrap();
        assert!(put_back(&rest, &bytes, None).unwrap() == text.as_bytes());
    }

    #[test]
    fn marks_in_a_text_and_parts_of_another_are_refused() {
        for mark in DIGITS_64..=AGAIN {
            assert!(take_out(&[b'a', mark], None).is_none());
        }
        let (again, none) = ([AGAIN, LAST], [AGAIN, 0]);
        for (rest, bytes) in [
            (&b"a"[..], &[0; 1][..]),
            (&[DIGITS_40], &[0; 19]),
            (&again, &[]),
            (&none, &[]),
            (&[AGAIN], &[]),
            (&[UUID], &[0; 17]),
        ] {
            assert!(put_back(rest, bytes, None).is_none(), "{rest:?}");
        }
        assert!(put_back(&again, &[], Some(&ID)).unwrap() == id().as_bytes());
        assert!(put_back(&[AGAIN, LAST + 1], &[], Some(&ID)).is_none());
    }
}

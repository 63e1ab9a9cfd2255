//! Bodies as they are stored: compressed where that helps.

use std::io::{Read as _, Write as _};

use bellhop_app::ports::{PortError, PortResult};
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

/// The longest body that is ever unpacked, in bytes; none that ingress takes is longer.
const MOST_BYTES: usize = 26 * 1024 * 1024;

/// The mark of a body that is stored as it came, and of one that is compressed.
const RAW: u8 = 0;
const DEFLATED: u8 = 1;

/// A body for storing: its mark, then its bytes, compressed where they are fewer that way.
pub(crate) fn pack(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len() / 3 + 64);
    out.push(DEFLATED);
    let mut encoder = DeflateEncoder::new(out, Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    match encoder.finish() {
        Ok(packed) if packed.len() <= body.len() => packed,
        _ => [&[RAW], body].concat(),
    }
}

/// The body that was stored; never more than any body's limit, whatever the bytes say.
pub(crate) fn unpack(stored: &[u8]) -> PortResult<Vec<u8>> {
    let unreadable = |why: &dyn std::fmt::Display| PortError::new("a stored body is unreadable", why);
    match stored.split_first() {
        Some((&RAW, body)) => Ok(body.to_vec()),
        Some((&DEFLATED, packed)) => {
            let mut body = Vec::with_capacity(packed.len().saturating_mul(4).min(MOST_BYTES));
            let mut reader = DeflateDecoder::new(packed).take(MOST_BYTES as u64 + 1);
            reader.read_to_end(&mut body).map_err(|e| unreadable(&e))?;
            if body.len() > MOST_BYTES { Err(unreadable(&"it is longer than any body")) } else { Ok(body) }
        }
        _ => Err(unreadable(&"it has no mark")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_come_back_whole() {
        let every_byte: Vec<u8> = (0..=255).collect();
        for body in [&b""[..], b"{}", &every_byte, &b"{\"a\":1}".repeat(1000)] {
            let stored = pack(body);
            assert!(stored.len() <= body.len() + 1);
            assert_eq!(unpack(&stored).unwrap(), body);
        }
    }

    #[test]
    fn what_would_swell_without_end_is_refused() {
        let bomb = pack(&vec![0; MOST_BYTES + 1]);
        assert!(bomb.len() < MOST_BYTES / 100);
        assert!(unpack(&bomb).is_err());
        assert!(unpack(&pack(&vec![0; MOST_BYTES])).is_ok());
    }

    #[test]
    fn foreign_and_cut_bytes_are_refused() {
        let stored = pack(&b"abc".repeat(100));
        for bad in [&b""[..], &[7, 1, 2], &stored[..stored.len() - 4]] {
            assert!(unpack(bad).is_err());
        }
    }
}

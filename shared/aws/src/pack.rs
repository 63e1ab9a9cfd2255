//! Bodies and records as they are stored: compressed where that helps.
//!
//! Payload bytes in the table are what costs, and most of them stand in every webhook. So they are compressed against a
//! text of what webhooks commonly contain, which both sides have. Hashes and ids, which do not compress, are taken out
//! before ([`hashes`]), as the bytes that they are; an id that both sides know takes no room.

mod hashes;

use std::cell::RefCell;

use bellhop_app::ports::{PortError, PortResult};
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// The longest thing that is ever unpacked, in bytes; no body that ingress takes is longer.
const MOST_BYTES: usize = 26 * 1024 * 1024;

/// Up to this length the row's price counts for more than the time that compressing takes.
const WELL_PACKED_BYTES: usize = 64 * 1024;

/// The mark of bytes that are stored as they came, of those that are compressed with the first part of [`DICTIONARY`], and
/// of those that are compressed with all of it after hashes and ids were taken out. Behind the last stands how many bytes
/// these have, then they themselves.
const RAW: u8 = 0;
const WITH_DICTIONARY_1: u8 = 1;
const WITHOUT_HASHES: u8 = 2;

/// What is compressed against. Never change it: what is stored would be unreadable. More may be added at its end, with a
/// mark of its own.
const DICTIONARY: &[u8] = include_bytes!("pack/dictionary.txt");
const DICTIONARY_1: &[u8] = DICTIONARY.split_at(15_723).0;

/// Bytes for storing: their mark, then themselves, compressed where they are fewer that way.
pub(crate) fn pack(bytes: &[u8]) -> Vec<u8> {
    compressed(bytes, None).unwrap_or_else(|| keep(bytes))
}

/// The same, for bytes in which an id stands that whoever reads them knows.
pub(crate) fn pack_knowing(bytes: &[u8], known: &[u8; 16]) -> Vec<u8> {
    compressed(bytes, Some(known)).unwrap_or_else(|| keep(bytes))
}

/// Bytes for storing as they are: to compress them costs more than it saves.
pub(crate) fn keep(bytes: &[u8]) -> Vec<u8> {
    [&[RAW], bytes].concat()
}

/// The bytes that were stored; never more than any body's limit, whatever the stored ones say.
pub(crate) fn unpack(stored: &[u8]) -> PortResult<Vec<u8>> {
    unpack_with(stored, None)
}

/// The bytes that [`pack_knowing`] has made.
pub(crate) fn unpack_knowing(stored: &[u8], known: &[u8; 16]) -> PortResult<Vec<u8>> {
    unpack_with(stored, Some(known))
}

/// The bytes that were stored.
fn unpack_with(stored: &[u8], known: Option<&[u8; 16]>) -> PortResult<Vec<u8>> {
    let unreadable = |why: &str| PortError::new("what was stored is unreadable", why);
    match stored.split_first() {
        Some((&RAW, bytes)) => Ok(bytes.to_vec()),
        Some((&WITH_DICTIONARY_1, packed)) => decompressed(packed, DICTIONARY_1).map_err(|why| unreadable(&why)),
        Some((&WITHOUT_HASHES, parts)) => {
            let (length, parts) = parts.split_at_checked(2).ok_or_else(|| unreadable("it breaks off"))?;
            let length = usize::from(u16::from_be_bytes([length[0], length[1]]));
            let (taken, packed) = parts.split_at_checked(length).ok_or_else(|| unreadable("it breaks off"))?;
            let rest = decompressed(packed, DICTIONARY).map_err(|why| unreadable(&why))?;
            hashes::put_back(&rest, taken, known).ok_or_else(|| unreadable("its hashes are another's"))
        }
        _ => Err(unreadable("its mark is unknown")),
    }
}

thread_local! {
    /// The compressor of this thread for what is not long; to allocate and clear its state of some 300 KB costs more than to
    /// use it.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::default(), false));
}

/// The mark and the compressed bytes, unless they are more that way.
fn compressed(bytes: &[u8], known: Option<&[u8; 16]>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(1 + bytes.len());
    if bytes.len() > WELL_PACKED_BYTES {
        out.push(WITH_DICTIONARY_1);
        return compressed_by(&mut Compress::new(Compression::fast(), false), bytes, DICTIONARY_1, out);
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let Some((rest, taken)) = hashes::take_out(bytes, known) else {
            out.push(WITH_DICTIONARY_1);
            return compressed_by(compressor, bytes, DICTIONARY_1, out);
        };
        if taken.len() + 3 > bytes.len() {
            return None;
        }
        out.push(WITHOUT_HASHES);
        out.extend(u16::try_from(taken.len()).ok()?.to_be_bytes());
        out.extend(taken);
        compressed_by(compressor, &rest, DICTIONARY, out)
    })
}

/// The same, by a compressor that has compressed nothing yet, behind what `out` has already.
fn compressed_by(compress: &mut Compress, bytes: &[u8], dictionary: &[u8], mut out: Vec<u8>) -> Option<Vec<u8>> {
    compress.set_dictionary(dictionary).ok()?;
    // It ends only where the room is enough.
    match compress.compress_vec(bytes, &mut out, FlushCompress::Finish) {
        Ok(Status::StreamEnd) => Some(out),
        _ => None,
    }
}

/// The bytes behind compressed ones, or why there are none.
fn decompressed(packed: &[u8], dictionary: &[u8]) -> Result<Vec<u8>, String> {
    let mut decompress = Decompress::new(false);
    decompress.set_dictionary(dictionary).map_err(|e| e.to_string())?;
    let mut out = Vec::with_capacity(packed.len().saturating_mul(8).clamp(1024, MOST_BYTES + 1));
    let mut rest = packed;
    loop {
        let before = decompress.total_in();
        let status = decompress.decompress_vec(rest, &mut out, FlushDecompress::None).map_err(|e| e.to_string())?;
        let read = usize::try_from(decompress.total_in() - before).unwrap_or(usize::MAX);
        rest = rest.get(read..).unwrap_or_default();
        if out.len() > MOST_BYTES {
            return Err("it is longer than any body".to_owned());
        }
        match status {
            Status::StreamEnd => return Ok(out),
            _ if out.len() == out.capacity() => out.reserve(out.len().min(MOST_BYTES + 1 - out.len())),
            _ => return Err("it breaks off".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest as _, Sha256};

    #[test]
    fn bytes_come_back_whole() {
        let every_byte: Vec<u8> = (0..=255).collect();
        let long = b"{\"a\":1}".repeat(300_000);
        for bytes in [&b""[..], b"{}", b"\"repository\":{\"id\":", &every_byte, DICTIONARY, &long] {
            let stored = pack(bytes);
            assert!(stored.len() <= bytes.len() + 1);
            assert!(unpack(&stored).unwrap() == bytes);
        }
    }

    #[test]
    fn what_was_packed_before_makes_no_difference() {
        let noise: Vec<u8> = Sha256::digest("a").iter().flat_map(|byte| Sha256::digest([*byte])).collect();
        let texts = [&b"{\"ref\":\"refs/heads/main\"}"[..], &noise, b"", &b"ab".repeat(40_000)];
        let fresh = |bytes: &[u8]| std::thread::scope(|scope| scope.spawn(|| pack(bytes)).join().unwrap());
        for bytes in texts.iter().chain(texts.iter().rev()) {
            assert_eq!(pack(bytes), fresh(bytes));
        }
    }

    #[test]
    fn what_every_webhook_contains_takes_no_room() {
        let common = br#"{"ref":"refs/heads/main","repository":{"id":77,"private":false},"sender":{"type":"User","site_admin":false}}"#;
        assert!(pack(common).len() < 60, "{} bytes", pack(common).len());
    }

    #[test]
    fn the_dictionary_is_the_one_that_things_were_stored_with() {
        for (dictionary, digest) in [
            (DICTIONARY_1, "ff80fcd04479b3903c3f55215d2cf3d314f4be134cf87781437fd7cebd963914"),
            (DICTIONARY, "ae24a86697ba90faead83726939009da9a57c2ac185226eb37c52e92bab84a32"),
        ] {
            let found = hex::encode(Sha256::digest(dictionary));
            assert_eq!(found, digest, "give another dictionary a mark of its own, and keep this one");
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
        for bad in [&b""[..], &[7, 1, 2], &stored[..stored.len() - 1]] {
            assert!(unpack(bad).is_err(), "{bad:?}");
        }
    }
}

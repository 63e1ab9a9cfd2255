//! Values as the database holds them.

use std::cell::RefCell;
use std::io::Read as _;

use bellhop_app::ports::{PortError, PortResult};
use bellhop_core::time::Timestamp;
use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress, Status};

/// The longest body that is ever unpacked, in bytes.
const MOST_BODY_BYTES: u64 = 26 * 1024 * 1024;

/// A moment as the database holds it.
pub(crate) fn milliseconds(moment: Timestamp) -> i64 {
    signed(moment.as_ms())
}

/// A number as the database holds it.
pub(crate) fn signed(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

/// A number that the database held.
pub(crate) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}

/// A value as JSON.
pub(crate) fn to_json(value: &impl serde::Serialize) -> PortResult<String> {
    serde_json::to_string(value).map_err(|e| PortError::new("a value cannot be written", e))
}

/// A value from JSON of ours.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(json: &str) -> PortResult<T> {
    serde_json::from_str(json).map_err(|e| PortError::unreadable("a stored value", &e))
}

/// Up to this length a body is packed as LZ4: it packs less tightly, but DEFLATE would take longer to clear its state than
/// to pack so little.
const SHORT_BODY: usize = 8 * 1024;

/// What LZ4 stands behind. No stream of DEFLATE begins so: that would be a block of the type that RFC 1951 reserves.
const LZ4: u8 = 0b0000_0111;

thread_local! {
    /// The compressor of this thread. Its state is some 300 KB: to allocate and clear it for each body costs ten times as
    /// much as to compress a body of 2 KB.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

/// A body, compressed.
pub(crate) fn pack(body: &[u8]) -> PortResult<Vec<u8>> {
    if body.len() <= SHORT_BODY {
        let mut packed = vec![LZ4];
        packed.append(&mut lz4_flex::block::compress_prepend_size(body));
        return Ok(packed);
    }
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        let mut packed = Vec::with_capacity(body.len() / 3 + 64);
        loop {
            let read = usize::try_from(compressor.total_in()).unwrap_or(usize::MAX);
            let rest = body.get(read..).unwrap_or_default();
            match compressor.compress_vec(rest, &mut packed, FlushCompress::Finish) {
                Ok(Status::StreamEnd) => return Ok(packed),
                Ok(Status::Ok | Status::BufError) => packed.reserve(packed.len().max(1024)),
                Err(error) => return Err(PortError::new("a body cannot be compressed", error)),
            }
        }
    })
}

/// A body, as it came.
pub(crate) fn unpack(packed: &[u8]) -> PortResult<Vec<u8>> {
    let unreadable = |e: &dyn std::fmt::Display| PortError::new("a stored body is unreadable", e);
    if let Some((&LZ4, rest)) = packed.split_first() {
        let (length, block) = lz4_flex::block::uncompressed_size(rest).map_err(|e| unreadable(&e))?;
        let body = lz4_flex::block::decompress(block, length.min(SHORT_BODY)).map_err(|e| unreadable(&e))?;
        return if body.len() == length { Ok(body) } else { Err(unreadable(&"it was cut")) };
    }
    let mut body = Vec::new();
    let read = DeflateDecoder::new(packed).take(MOST_BODY_BYTES).read_to_end(&mut body);
    read.map_err(|e| unreadable(&e))?;
    Ok(body)
}

/// An inbox message as its row: a short one packed, for it is written and overwritten within moments.
pub(crate) fn pack_message(message: &[u8]) -> Option<Vec<u8>> {
    if message.len() <= SHORT_BODY { pack(message).ok() } else { None }
}

/// The inbox message of a row. Those that are not packed begin with text.
pub(crate) fn unpack_message(row: &[u8]) -> Vec<u8> {
    let unpacked = if row.first() == Some(&LZ4) { unpack(row).ok() } else { None };
    unpacked.unwrap_or_else(|| row.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_comes_back_packed_or_not() {
        let long = vec![b'x'; SHORT_BODY + 1];
        for message in [&b""[..], b"{}", &[LZ4], &[LZ4; 3_000], &long[1..]] {
            let row = pack_message(message).unwrap();
            assert_eq!(unpack_message(&row), message);
        }
        assert_eq!(pack_message(&long), None);
        for row in [&b"{}"[..], b"", &long, &[LZ4, 9, 9, 9, 9, 9]] {
            assert_eq!(unpack_message(row), row, "as it stands, for a former version wrote it or nobody did");
        }
    }

    #[test]
    fn every_body_comes_back_whoever_was_compressed_before_it() {
        let noise: Vec<u8> = (0..300_000_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        let (short, long) = (&noise[..SHORT_BODY], &noise[..=SHORT_BODY]);
        let bodies = [&b""[..], b"{}", &noise, &b"again ".repeat(100_000), b"x", &noise[..2_000], short, long];
        for body in bodies.iter().chain(bodies.iter().rev()) {
            assert_eq!(unpack(&pack(body).unwrap()).unwrap(), *body);
        }
    }

    #[test]
    fn a_body_that_an_earlier_version_compressed_is_read() {
        use std::io::Write as _;
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(b"as it came").unwrap();
        assert_eq!(unpack(&encoder.finish().unwrap()).unwrap(), b"as it came");
        assert_eq!(unpack(&[3, 0]).unwrap(), b"", "the shortest stream");
        assert_eq!(LZ4 >> 1 & 0b11, 0b11, "the type of block that no stream has");
    }

    #[test]
    fn a_packed_body_that_was_cut_or_says_it_is_endless_is_refused() {
        let packed = pack(&b"again ".repeat(1_000)).unwrap();
        assert!(packed.len() < 1_000);
        for cut in 1..packed.len() {
            assert!(unpack(&packed[..cut]).is_err(), "{cut}");
        }
        let endless = [&[LZ4][..], &u32::MAX.to_le_bytes(), &packed[5..]].concat();
        assert!(unpack(&endless).is_err());
    }
}

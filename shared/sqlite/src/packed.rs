//! Values as the database holds them.

use std::io::{Read as _, Write as _};

use bellhop_app::ports::{PortError, PortResult};
use bellhop_core::time::Timestamp;
use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

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

/// A body, compressed.
pub(crate) fn pack(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(body.len() / 3), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(body);
    encoder.finish().unwrap_or_default()
}

/// A body, as it came.
pub(crate) fn unpack(packed: &[u8]) -> PortResult<Vec<u8>> {
    let mut body = Vec::new();
    let read = DeflateDecoder::new(packed).take(MOST_BODY_BYTES).read_to_end(&mut body);
    read.map_err(|e| PortError::new("a stored body is unreadable", e))?;
    Ok(body)
}

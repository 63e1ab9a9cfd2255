//! Where configured things are kept.

use async_trait::async_trait;

use super::PortResult;

/// The configured things of a kind.
#[async_trait]
pub trait Configurations<K>: Send + Sync {
    /// Every one of them, in no order.
    async fn all(&self) -> PortResult<Vec<K>>;

    /// Writes things and deletes those of these ids. Of a failure nobody knows how much was done; the same can be written
    /// again.
    async fn write(&self, put: &[K], delete: &[String]) -> PortResult<()>;

    /// Writes a thing in place of itself only where the one in the store has still this version; says whether it did.
    async fn replace(&self, thing: &K, version: u64) -> PortResult<bool>;
}

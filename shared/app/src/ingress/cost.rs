//! What accepting a request may cost.

use super::{Admitted, Ingress, open_doors};

/// Up to so many bytes, hashing a body takes no longer than what else a request costs.
const CHEAP_BYTES: usize = 128 * 1024;

impl Ingress {
    /// Whether accepting an admitted request with so long a body may take more than hashing a short one.
    pub fn is_costly(&self, admitted: &Admitted, bytes: usize) -> bool {
        bytes > CHEAP_BYTES || open_doors(admitted.knock()).any(|door| door.sender.is_costly())
    }
}

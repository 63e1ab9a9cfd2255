//! The numbers that the documents promise, as literals: whoever changes one changes it here and there too.

#[path = "../../core/src/promises/reader.rs"]
mod reader;

use crate::sender::{Clock, Scheme, Sender};

#[test]
fn constants_are_what_is_promised() {
    reader::check(
        env!("CARGO_MANIFEST_DIR"),
        &[
            ("handshake.rs", "LONGEST_BODY", &[16_384.0]),
            ("handshake/reply.rs", "LONGEST_SECRET", &[256.0]),
            ("handshake/reply.rs", "LONGEST_TEXT", &[1_024.0]),
            ("sender/custom/check.rs", "LONGEST", &[200.0]),
            ("sender/custom/check.rs", "MOST_TOLERANCE", &[86_400.0]),
            ("sender/custom/make.rs", "TOLERANCE", &[300.0]),
            ("sender/custom/template.rs", "LONGEST", &[1_000.0]),
            ("time.rs", "DAY_MS", &[86_400_000.0]),
            ("sender/proved.rs", "MOST_BYTES", &[262_144.0]),
            ("verify/content.rs", "MOST_FIELDS", &[1_000.0]),
            ("verify/candidates.rs", "LONGEST", &[512.0]),
            ("verify/candidates.rs", "MOST_SIGNATURES", &[16.0]),
            ("sender/delivery.rs", "DAYS", &[7.0]),
            ("sender/delivery.rs", "UNSIGNED_WINDOW_SECONDS", &[30.0]),
            ("sender/delivery.rs", "WINDOW_SECONDS", &[300.0]),
        ],
    );
}

#[test]
fn times_of_signing_may_be_off_by_what_is_promised() {
    for name in ["standard-webhooks", "stripe", "slack", "svix", "hmac-sha256-timestamp", "hmac-sha256-pairs"] {
        let Scheme::Signed(signed) = &Sender::named(name).unwrap().scheme else { panic!("{name} signs nothing") };
        assert!(
            matches!(signed.timestamp, Some(Clock { tolerance_seconds: 300, .. })),
            "{name}: {:?}",
            signed.timestamp
        );
    }
}

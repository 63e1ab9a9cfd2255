//! Programs that stand in for AWS on this machine, and the way to them.

pub(super) use bellhop_tests::stand_in::Kind;
use bellhop_tests::stand_in::REGION;

use crate::Aws;

/// A stand-in that runs until it is dropped.
pub(super) struct StandIn(bellhop_tests::stand_in::StandIn);

impl StandIn {
    /// Starts one on a free port and waits until it listens.
    pub(super) fn start(kind: Kind) -> Self {
        Self(bellhop_tests::stand_in::StandIn::start(kind))
    }

    /// The way to it.
    pub(super) fn aws(&self) -> Aws {
        let aws = Aws::from_variables(|name| match name {
            "AWS_REGION" => Some(REGION.to_owned()),
            "AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY" => Some("test".to_owned()),
            "AWS_ENDPOINT_URL" => Some(self.0.endpoint().to_owned()),
            _ => None,
        });
        aws.expect("nothing is missing")
    }
}

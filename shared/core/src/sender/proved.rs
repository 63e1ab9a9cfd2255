//! What it takes to look for a sender's proof: whether the body has to be read for it, and what that costs.

use super::{Algorithm, Carrier, JwtAlgorithm, Part, Scheme, Sender, Signed, TokenPlace};

/// The longest body, in bytes, in which a proof is looked for where the sender's row does not say.
const MOST_BYTES: u64 = 256 * 1024;

impl Sender {
    /// Whether the proof, or a part of what is signed, stands in fields of the body, so that the body of a request that is
    /// nobody's yet has to be read.
    pub fn proof_in_body(&self) -> bool {
        self.schemes().any(Scheme::reads_body)
    }

    /// The longest body in which a proof is looked for, in bytes; `None` where none is looked for there.
    pub fn max_proof_bytes(&self) -> Option<u64> {
        self.proof_in_body().then(|| self.proof_bytes.unwrap_or(MOST_BYTES))
    }

    /// Whether a check may take more than one hash over the body: it reads the body, or computes with a public key.
    pub fn is_costly(&self) -> bool {
        self.proof_in_body() || self.schemes().any(Scheme::has_public_key)
    }
}

impl Scheme {
    /// Whether fields of the body are read before the request has proved itself.
    fn reads_body(&self) -> bool {
        match self {
            Self::Signed(signed) => {
                signed.document.is_some() || signed.reads_document() || signed.content.iter().any(is_form)
            }
            Self::Token(TokenPlace::Field(_) | TokenPlace::Form(_)) | Self::AppStore(_) => true,
            Self::Token(TokenPlace::Header { .. } | TokenPlace::Basic | TokenPlace::Query(_)) => false,
            Self::Jwt(_) | Self::None => false,
        }
    }

    /// Whether a signature is checked with a public key.
    fn has_public_key(&self) -> bool {
        match self {
            Self::Signed(signed) => !matches!(signed.algorithm, Algorithm::Hmac(_) | Algorithm::Digest(_)),
            Self::Jwt(jwt) => jwt.algorithms.iter().any(|algorithm| !matches!(algorithm, JwtAlgorithm::Hmac(_))),
            Self::AppStore(_) => true,
            Self::Token(_) | Self::None => false,
        }
    }
}

impl Signed {
    /// Whether the body's JSON is needed to check the signature.
    pub(crate) fn reads_document(&self) -> bool {
        let reads = |part: &Part| matches!(part, Part::Field(_) | Part::OptionalField(_) | Part::Sns);
        matches!(self.place, Carrier::Field(_))
            || self.algorithm == Algorithm::RsaByVersion
            || self.content.iter().chain(self.bind).any(reads)
    }
}

/// Whether a part of a signed content is made of a form's fields.
const fn is_form(part: &Part) -> bool {
    matches!(part, Part::Form | Part::FormOrBodyHash | Part::FormField(_))
}

//! What it takes to look for a sender's proof: whether the body has to be read for it, and what that costs.

use super::{Algorithm, Carrier, JwtAlgorithm, Part, Scheme, Sender, Signed, TokenPlace};

/// The longest body, in bytes, in which a proof is looked for where the sender's row does not say.
const MOST_BYTES: u64 = 256 * 1024;

/// What the body of a proved event is read as, whatever its headers call it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ProvedAs {
    /// JSON.
    Json,
    /// A form.
    Form,
    /// A form, where its content type says so; all bytes of others are proved.
    FormIfNamed,
    /// The JSON in this field of a form.
    Field(&'static str),
    /// The same, or the JSON in this part of a body of several parts.
    AnyField(&'static str),
}

impl Sender {
    /// What bodies are read as because their proof was read so; `None` where no field of them is proved.
    pub(crate) fn proved_as(&self) -> Option<ProvedAs> {
        match &self.scheme {
            Scheme::Signed(signed) => signed.proved_as(),
            Scheme::Token(TokenPlace::Field(_)) | Scheme::AppStore(_) => Some(ProvedAs::Json),
            Scheme::Token(TokenPlace::Form(path)) => {
                Some(path.split_once('.').map_or(ProvedAs::Form, |(field, _)| ProvedAs::Field(field)))
            }
            Scheme::Token(_) | Scheme::Jwt(_) | Scheme::None => None,
        }
    }

    /// Where the body carries the secret itself.
    pub fn body_token(&self) -> Option<TokenPlace> {
        self.schemes().find_map(|scheme| match scheme {
            Scheme::Token(place @ (TokenPlace::Field(_) | TokenPlace::Form(_))) => Some(*place),
            _ => None,
        })
    }

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
    /// What bodies are read as because what is signed was read so.
    fn proved_as(&self) -> Option<ProvedAs> {
        let of_part = self.content.iter().find_map(|part| match part {
            Part::FormField(name) => Some(ProvedAs::Field(name)),
            Part::Form => Some(ProvedAs::Form),
            Part::FormOrBodyHash => Some(ProvedAs::FormIfNamed),
            _ => None,
        });
        let of_fields = self.reads_document().then_some(ProvedAs::Json);
        self.document.map(ProvedAs::AnyField).or(of_part).or(of_fields)
    }

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

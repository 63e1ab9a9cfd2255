//! Certificates that come with a request, up to a root that is built in. Nothing is fetched, and there are always two.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    EcdsaVerificationAlgorithm, UnparsedPublicKey,
};
use x509_cert::Certificate;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::BasicConstraints;

use super::public::PublicKey;

/// The longest certificate that is read, in bytes of base64.
const LONGEST: usize = 8 * 1024;

/// What says that a key is one on an elliptic curve, and which curves count.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");

/// ECDSA with SHA-256, and with SHA-384.
const WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");

/// What says whether a certificate may vouch for others.
const CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");

/// The P-256 key of the first of two certificates in base64, where the second vouches for it and the root for the second;
/// each of the two has its extension of these, and all three count at this Unix second.
pub(super) fn vouched(
    chain: [&str; 2],
    root: &[u8],
    extensions: [ObjectIdentifier; 2],
    second: u64,
) -> Option<PublicKey> {
    let [leaf, issuer] = [read(chain[0])?, read(chain[1])?];
    let root = Certificate::from_der(root).ok()?;
    let is_marked = extension(&leaf, extensions[0]).is_some() && extension(&issuer, extensions[1]).is_some();
    let counts = is_marked && may_issue(&issuer) && [&leaf, &issuer, &root].iter().all(|one| is_in_force(one, second));
    // The cheap questions come first, and the root's signature before that of a stranger.
    if !counts || !is_issued_by(&issuer, &root) || !is_issued_by(&leaf, &issuer) {
        return None;
    }
    match public_key(&leaf)? {
        (P256, point) => PublicKey::p256(point.strip_prefix(&[4])?).ok(),
        _ => None,
    }
}

/// A certificate in base64, if it is one of a sane length.
fn read(text: &str) -> Option<Certificate> {
    let der = STANDARD.decode(text).ok().filter(|_| text.len() <= LONGEST)?;
    Certificate::from_der(&der).ok()
}

/// An extension of a certificate.
fn extension(certificate: &Certificate, id: ObjectIdentifier) -> Option<&Extension> {
    certificate.tbs_certificate().extensions()?.iter().find(|extension| extension.extn_id == id)
}

/// Whether a certificate may vouch for others.
fn may_issue(certificate: &Certificate) -> bool {
    let constraints = extension(certificate, CONSTRAINTS);
    constraints
        .and_then(|found| BasicConstraints::from_der(found.extn_value.as_bytes()).ok())
        .is_some_and(|found| found.ca)
}

/// Whether a certificate counts at a Unix second.
fn is_in_force(certificate: &Certificate, second: u64) -> bool {
    let validity = certificate.tbs_certificate().validity();
    let [start, end] = [validity.not_before, validity.not_after].map(|time| time.to_unix_duration().as_secs());
    (start..=end).contains(&second)
}

/// Whether one certificate was signed with the key of another, which is named as its issuer.
fn is_issued_by(certificate: &Certificate, issuer: &Certificate) -> bool {
    let inside = certificate.tbs_certificate();
    let algorithm = certificate.signature_algorithm();
    if inside.issuer() != issuer.tbs_certificate().subject() || inside.signature() != algorithm {
        return false;
    }
    let Some((curve, point)) = public_key(issuer) else { return false };
    let algorithm: &'static EcdsaVerificationAlgorithm = match (curve, algorithm.oid) {
        (P256, WITH_SHA256) => &ECDSA_P256_SHA256_ASN1,
        (P256, WITH_SHA384) => &ECDSA_P256_SHA384_ASN1,
        (P384, WITH_SHA256) => &ECDSA_P384_SHA256_ASN1,
        (P384, WITH_SHA384) => &ECDSA_P384_SHA384_ASN1,
        _ => return false,
    };
    let signature = certificate.signature().as_bytes();
    inside.to_der().ok().zip(signature).is_some_and(|(message, signature)| {
        UnparsedPublicKey::new(algorithm, point).verify(&message, signature).is_ok()
    })
}

/// The curve of a certificate's key, and its point.
fn public_key(certificate: &Certificate) -> Option<(ObjectIdentifier, &[u8])> {
    let key = certificate.tbs_certificate().subject_public_key_info();
    let curve = key.algorithm.parameters.as_ref().filter(|_| key.algorithm.oid == EC)?.decode_as().ok()?;
    Some((curve, key.subject_public_key.as_bytes()?))
}

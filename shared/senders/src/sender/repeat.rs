//! How senders deliver again, and what of a request their signature vouches for.

use super::{Carrier, ClockPlace, Part, Place, REPEATS, Scheme, Sender, Signed, TokenPlace};

/// How a sender delivers again.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Repeat {
    /// The fields of the body that it changes when it does, so that they do not tell deliveries apart; `*` stands for
    /// every item of a list, and alone for the whole body.
    pub changes: &'static [&'static str],
    /// Headers that tell events of equal content apart, though nothing signs them.
    pub headers: &'static [&'static str],
    /// Whether its delivery id is another one each time, so that it does not tell deliveries apart.
    pub other_id: bool,
    /// For how many days it does, where that is more than 7.
    pub days: Option<u32>,
    /// For how many seconds equal content is one delivery, where it sends no delivery id; 0 where it may say the same of
    /// two events, so that nothing is a copy.
    pub window_seconds: Option<u32>,
}

/// How a sender repeats itself that is not in the table.
static NO_REPEAT: Repeat = Repeat { changes: &[], headers: &[], other_id: false, days: None, window_seconds: None };

impl Sender {
    /// How it delivers again.
    pub fn repeat(&self) -> &'static Repeat {
        REPEATS.get(self.at).unwrap_or(&NO_REPEAT)
    }

    /// Whether nobody but the sender can have written the delivery id: it stands in what is signed, or whoever knows the
    /// secret that a request carries may write anything anyway.
    pub fn proves_id(&self) -> bool {
        self.schemes().all(|scheme| proves(scheme, self.delivery_id))
    }

    /// Whether a captured request cannot be sent later under another delivery id: either that is proved, or the time is.
    pub fn holds_id(&self) -> bool {
        self.schemes().all(|scheme| proves(scheme, self.delivery_id) || signs_time(scheme))
    }

    /// Whether requests carry their secret, or nothing, so that there is no signature over them.
    pub fn signs_nothing(&self) -> bool {
        matches!(self.scheme, Scheme::Token(_) | Scheme::None)
    }

    /// Whether nobody but the sender can have written the query.
    pub fn proves_query(&self) -> bool {
        self.schemes().all(|scheme| match scheme {
            Scheme::Signed(signed) => signed.content.iter().any(|part| covers_query(*part)),
            Scheme::Jwt(jwt) => jwt.url_hash.is_some(),
            Scheme::AppStore(_) => false,
            Scheme::Token(_) | Scheme::None => true,
        })
    }

    /// The parameter of the query that carries the secret itself.
    pub const fn secret_parameter(&self) -> Option<&'static str> {
        match self.scheme {
            Scheme::Token(TokenPlace::Query(name)) => Some(name),
            Scheme::Token(_) | Scheme::Signed(_) | Scheme::Jwt(_) | Scheme::AppStore(_) | Scheme::None => None,
        }
    }

    /// The signature that covers some fields of the body and not the body, where it is one of those. One that stands in a
    /// form's JSON covers too little to tell deliveries apart.
    pub fn signs_fields(&self) -> Option<&Signed> {
        match &self.scheme {
            Scheme::Signed(signed) if !signed.covers_body() && signed.document.is_none() => Some(signed),
            _ => None,
        }
    }

    /// The field of the body that says when it was signed: another each time that it is delivered.
    pub const fn clock_field(&self) -> Option<&'static str> {
        match &self.scheme {
            Scheme::Signed(Signed { timestamp: Some(clock), .. }) => match clock.place {
                ClockPlace::Field(path) => Some(path),
                ClockPlace::Header(_) | ClockPlace::Pair(_) => None,
            },
            _ => None,
        }
    }

    /// The field of the body that carries the signature or the secret, which is another once the secret is rotated.
    pub const fn proof_field(&self) -> Option<&'static str> {
        match &self.scheme {
            Scheme::Signed(Signed { place: Carrier::Field(path), each: None, .. })
            | Scheme::Token(TokenPlace::Field(path) | TokenPlace::Form(path)) => Some(path),
            _ => None,
        }
    }

    /// Its scheme, and the other one of events where it has one.
    pub(super) fn schemes(&self) -> impl Iterator<Item = &Scheme> {
        let other = self.alternative.map(|other| &other.scheme).filter(|scheme| **scheme != Scheme::None);
        std::iter::once(&self.scheme).chain(other)
    }
}

/// Whether a scheme proves what stands at a place.
fn proves(scheme: &Scheme, place: Place) -> bool {
    match scheme {
        Scheme::Signed(signed) => covers(signed, place),
        Scheme::Token(_) | Scheme::Jwt(_) | Scheme::AppStore(_) | Scheme::None => true,
    }
}

/// Whether something that is signed says when.
const fn signs_time(scheme: &Scheme) -> bool {
    match scheme {
        Scheme::Signed(signed) => signed.timestamp.is_some(),
        Scheme::Jwt(jwt) => jwt.max_age_seconds.is_some(),
        Scheme::Token(_) | Scheme::AppStore(_) | Scheme::None => false,
    }
}

/// Whether a signature covers what stands at a place.
fn covers(signed: &Signed, place: Place) -> bool {
    match place {
        Place::Nowhere => true,
        Place::Header(name) => signed.content.contains(&Part::Header(name)),
        Place::Field(path) => {
            signed.covers_body() || signed.content.iter().any(|part| covers_field(*part, signed, path))
        }
        Place::Key(_) => signed.covers_body(),
        Place::Join(places) | Place::First(places) => places.iter().all(|place| covers(signed, *place)),
    }
}

/// Whether a part of the signed content is this field, or a form's field with all of the payload in it.
fn covers_field(part: Part, signed: &Signed, path: &str) -> bool {
    match part {
        Part::Field(field) | Part::OptionalField(field) => match signed.each.and_then(|each| each.split_once('*')) {
            None => field == path,
            // An item's fields are signed by their names within the item, which stands at a number in the list.
            Some((before, after)) => path
                .strip_prefix(before)
                .and_then(|rest| rest.trim_start_matches(|c: char| c.is_ascii_digit()).strip_prefix(after))
                .is_some_and(|rest| rest.strip_prefix('.') == Some(field)),
        },
        Part::FormField(_) => true,
        Part::Sns => matches!(path, "Message" | "MessageId" | "Subject" | "Timestamp" | "TopicArn" | "Type"),
        _ => false,
    }
}

/// Whether a part of the signed content has the query in it.
const fn covers_query(part: Part) -> bool {
    matches!(
        part,
        Part::Url | Part::UrlAnyPort | Part::UrlContentful | Part::UrlHubspot | Part::Query | Part::QuerySorted
    )
}

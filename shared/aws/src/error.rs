//! What the SDK's errors become.

use std::error::Error;
use std::fmt::Write as _;

use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bellhop_app::ports::PortError;

/// Says what failed: the service's code and sentence, or what broke on the way to it.
///
/// The SDK's own long form is not used: it repeats answers, which may hold stored bodies.
pub(crate) fn failed<E, R>(what: &str) -> impl Fn(SdkError<E, R>) -> PortError
where
    E: ProvideErrorMetadata + Error + 'static,
    R: std::fmt::Debug + 'static,
{
    move |error| match error.as_service_error().and_then(|error| Some((error.code()?, error.message()))) {
        Some((code, sentence)) => {
            PortError::new(what, format_args!("{code}: {}", sentence.unwrap_or("no reason given")))
        }
        None => PortError::new(what, chain(&error)),
    }
}

/// An error and its causes.
pub(crate) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let _ = write!(text, ": {inner}");
        cause = inner.source();
    }
    text
}

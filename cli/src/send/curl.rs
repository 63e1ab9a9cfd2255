//! A request as a curl command that can be pasted into a shell, without the secret.

use std::fmt::Write as _;

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock as _;
use bellhop_core::secret::Secret;
use bellhop_senders::sender::{Scheme, TokenPlace};

use super::request::{Made, Plan};
use crate::failure::Failure;
use crate::print::plain;

/// What stands in place of a secret that is sent itself, as a user name and password where the sender has those.
const SECRET: &str = "SECRET";
const PASSWORD: &str = "USER:PASSWORD";

/// The command; what stands in it for the secret is said above it.
pub(super) fn command(plan: &Plan) -> Result<String, Failure> {
    let basic = plan.sender.scheme == Scheme::Token(TokenPlace::Basic);
    let stand_in = if basic { PASSWORD } else { SECRET };
    // The secret itself never gets into a request that is shown, so nothing has to be taken out again.
    let Made { post, .. } = match plan.sender.sends_secret() {
        true => plan.make_with(Some(&Secret::new(stand_in).map_err(|why| Failure(why.to_string()))?)),
        false => plan.make(),
    }?;
    let mut command = String::new();
    if plan.sender.sends_secret() {
        let _ = writeln!(command, "# {stand_in} stands for the secret, which is sent itself");
    } else if let Some(seconds) = lifetime(&plan.sender.scheme) {
        let _ = writeln!(command, "# signed at {}, accepted for {seconds} s", SystemClock.now().rfc3339());
    }
    let _ = write!(command, "curl --request POST {}", quoted(&plan.url(&post.target)));
    if basic {
        let _ = write!(command, " \\\n  --user {PASSWORD}");
    }
    for (name, value) in post.headers.iter().filter(|(name, _)| !(basic && name == "authorization")) {
        let _ = write!(command, " \\\n  --header {}", quoted(&format!("{name}: {value}")));
    }
    let _ = write!(command, " \\\n  --data-binary {}", body(plan, &post.body)?);
    Ok(command)
}

/// The body as curl takes it.
fn body(plan: &Plan, body: &[u8]) -> Result<String, Failure> {
    let text = std::str::from_utf8(body).ok();
    let shown = text.filter(|text| !text.starts_with('@') && text.split('\n').all(|line| plain(line) == line));
    match shown {
        Some(text) => Ok(quoted(text)),
        None if plan.is_given() => Ok("@FILE".to_owned()),
        None => Err(Failure("the body cannot be shown as text".to_owned())),
    }
}

/// For how many seconds a signature is accepted; `None` for ever.
fn lifetime(scheme: &Scheme) -> Option<u64> {
    match scheme {
        Scheme::Signed(signed) => signed.timestamp.map(|clock| clock.tolerance_seconds),
        Scheme::Jwt(_) => Some(60),
        Scheme::Token(_) | Scheme::AppStore(_) | Scheme::None => None,
    }
}

/// A text as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

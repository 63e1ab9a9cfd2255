//! The admin token: given by the environment, or made once and kept in the data folder.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use bellhop_app::clock::SystemClock;
use bellhop_app::ports::Clock;
use bellhop_core::secret::Secret;
use bellhop_core::token::{LEAST_ADMIN_CHARS, RANDOM_LETTERS, may_be_admin, mint};

use crate::failure::Failure;

/// The variable that sets the token.
pub(crate) const VARIABLE: &str = "BELLHOP_ADMIN_TOKEN";

/// The admin token of a server with this data folder, and the file it was made in, if it was just made.
pub(crate) fn admin_token(data: &Path) -> Result<(Secret, Option<PathBuf>), Failure> {
    if let Some(token) = from_environment()? {
        return Ok((long_enough(token, VARIABLE)?, None));
    }
    let file = data.join("admin-token");
    let place = format!("the admin token in {}", file.display());
    let failed = |why: &dyn std::fmt::Display| Failure::new(&place, why);
    match fs::read_to_string(&file) {
        Ok(text) => Ok((long_enough(Secret::new(text.trim()).map_err(|e| failed(&e))?, &place)?, None)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let mut random = [0; RANDOM_LETTERS];
            SystemClock.random(&mut random);
            let token = mint(&random).map_err(|e| failed(&e))?;
            let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
            made.and_then(|mut made| writeln!(made, "{}", token.expose())).map_err(|e| failed(&e))?;
            Ok((token, Some(file)))
        }
        Err(error) => Err(failed(&error)),
    }
}

/// The token, where it cannot be found out by trying.
fn long_enough(token: Secret, place: &str) -> Result<Secret, Failure> {
    match may_be_admin(token.expose()) {
        true => Ok(token),
        false => {
            let why = format!("it has fewer than {LEAST_ADMIN_CHARS} characters; make one with `openssl rand -hex 20`");
            Err(Failure::new(place, why))
        }
    }
}

/// The token from the environment; one that is set and empty is a mistake, not an absence.
pub(crate) fn from_environment() -> Result<Option<Secret>, Failure> {
    match std::env::var(VARIABLE) {
        Ok(text) => Secret::new(text.trim()).map(Some).map_err(|e| Failure::new(VARIABLE, e)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(Failure::new(VARIABLE, error)),
    }
}

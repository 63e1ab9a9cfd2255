//! Secrets of one machine: environment variables, files, and values kept in the database.

use std::collections::HashMap;
use std::io::{self, Read as _};

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, Secrets};
use bellhop_core::secret::{Secret, SecretRef};

use crate::database::Database;

/// The longest file that is read for a secret, in bytes: the largest keys are a few of them.
const LONGEST_FILE: u64 = 64 * 1024;

/// Looks secrets up on this machine.
#[derive(Clone)]
pub struct LocalSecrets {
    database: Database,
}

impl LocalSecrets {
    /// Secrets of this machine, and of this database.
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[async_trait]
impl Secrets for LocalSecrets {
    async fn resolve(&self, references: &[SecretRef]) -> PortResult<HashMap<SecretRef, Secret>> {
        let mut values = HashMap::new();
        for reference in references {
            let value = match reference {
                SecretRef::Env(name) => std::env::var(name).ok(),
                SecretRef::File(path) => read_file(path)
                    .inspect_err(|error| log::error!(path = path.as_str(), error:%; "a secret's file cannot be read"))
                    .ok(),
                SecretRef::Stored(_) => match reference.stored_name() {
                    Some(name) => self.database.kept_secret(name)?,
                    None => None,
                },
                SecretRef::Ssm(_) => None,
            };
            if let Some(secret) = value.and_then(|value| Secret::new(value).ok()) {
                values.insert(reference.clone(), secret);
            }
        }
        Ok(values)
    }
}

/// The content of a file, without the line break at its end; a pipe or a device, which might never end, is refused.
fn read_file(path: &str) -> io::Result<String> {
    // Asked before opening it: to open a pipe is to wait for whoever writes.
    if !std::fs::metadata(path)?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a regular file"));
    }
    let mut text = String::new();
    std::fs::File::open(path)?.take(LONGEST_FILE + 1).read_to_string(&mut text)?;
    if text.len() as u64 > LONGEST_FILE {
        let why = format!("it is longer than {LONGEST_FILE} bytes");
        return Err(io::Error::new(io::ErrorKind::InvalidData, why));
    }
    text.truncate(text.trim_end().len());
    Ok(text)
}

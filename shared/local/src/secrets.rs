//! Secrets of one machine: environment variables, files, and values kept in the database.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, Secrets};
use bellhop_core::secret::{Secret, SecretRef};

use crate::database::Database;

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
                SecretRef::File(path) => std::fs::read_to_string(path).ok().map(|text| text.trim_end().to_owned()),
                SecretRef::Stored(name) => self.database.kept_secret(name)?,
                SecretRef::Ssm(_) => None,
            };
            if let Some(secret) = value.and_then(|value| Secret::new(value).ok()) {
                values.insert(reference.clone(), secret);
            }
        }
        Ok(values)
    }
}

//! Secrets in the parameter store of Systems Manager.

use std::collections::HashMap;

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, Secrets};
use bellhop_core::secret::{Secret, SecretRef};

use crate::parameters::{Found, MOST_NAMES, Parameters};

/// The secrets that functions can read.
#[derive(Clone)]
pub struct SsmSecrets {
    parameters: Parameters,
    prefix: String,
}

impl SsmSecrets {
    /// Secrets, those kept by us below this prefix.
    pub(crate) const fn new(parameters: Parameters, prefix: String) -> Self {
        Self { parameters, prefix }
    }

    /// The name of a reference's parameter; a function has no variables or files to look in.
    fn parameter(&self, reference: &SecretRef) -> Option<String> {
        match reference {
            SecretRef::Ssm(name) => {
                // Hooks of earlier versions may have names that would not be saved today.
                let own = name.contains(&stored_parameter(&self.prefix, ""));
                if let Some(why) = reference.problem().or(own.then_some("Bellhop keeps secrets of its own there")) {
                    log::error!(reference:%, why; "a secret's parameter cannot be used");
                    return None;
                }
                Some(name.clone())
            }
            SecretRef::Stored(_) => Some(stored_parameter(&self.prefix, reference.stored_name()?)),
            SecretRef::Env(_) | SecretRef::File(_) => {
                log::error!(reference:%; "a function cannot read this secret; use ssm:NAME, or `bellhop apply`");
                None
            }
        }
    }

    /// Reads parameters by name; one that may not be read, or whose name is refused, does not take the others with it.
    async fn read(&self, names: &[String]) -> PortResult<HashMap<String, String>> {
        if let Found::Values(values) = self.parameters.get(names).await? {
            return Ok(values);
        }
        let mut values = HashMap::new();
        for name in names {
            match self.parameters.get(std::slice::from_ref(name)).await? {
                Found::Values(found) => values.extend(found),
                Found::Refused(why) => {
                    log::error!(parameter = name.as_str(), why = why.as_str(); "a secret's parameter cannot be read");
                }
            }
        }
        Ok(values)
    }
}

#[async_trait]
impl Secrets for SsmSecrets {
    async fn resolve(&self, references: &[SecretRef]) -> PortResult<HashMap<SecretRef, Secret>> {
        let wanted: Vec<_> = references.iter().filter_map(|r| Some((r, self.parameter(r)?))).collect();
        let mut names: Vec<_> = wanted.iter().map(|(_, name)| name.clone()).collect();
        names.sort_unstable();
        names.dedup();
        let mut values = HashMap::new();
        for some in names.chunks(MOST_NAMES) {
            values.extend(self.read(some).await?);
        }
        let secret = |(reference, name): (&SecretRef, String)| {
            Some((reference.clone(), Secret::new(values.get(&name)?.as_str()).ok()?))
        };
        Ok(wanted.into_iter().filter_map(secret).collect())
    }
}

/// The parameter of a secret that is kept by us.
pub(crate) fn stored_parameter(prefix: &str, name: &str) -> String {
    format!("{prefix}/secrets/{name}")
}

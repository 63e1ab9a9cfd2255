//! Secret values given through the API, as encrypted parameters of Systems Manager.

use async_trait::async_trait;
use bellhop_app::ports::{PortResult, Vault};
use bellhop_core::secret::Secret;

use crate::parameters::{Found, MOST_NAMES, Parameters};
use crate::secrets::stored_parameter;

/// The place for them.
#[derive(Clone)]
pub struct SsmVault {
    parameters: Parameters,
    prefix: String,
}

impl SsmVault {
    /// Values below this prefix.
    pub(crate) const fn new(parameters: Parameters, prefix: String) -> Self {
        Self { parameters, prefix }
    }
}

#[async_trait]
impl Vault for SsmVault {
    async fn keep(&self, name: &str, value: &Secret) -> PortResult<()> {
        let parameter = [stored_parameter(&self.prefix, name)];
        // Three writes a second are allowed, and forty reads; most of a configuration is as it was.
        let found = self.parameters.get(&parameter).await?;
        let [parameter] = &parameter;
        if matches!(found, Found::Values(values) if values.get(parameter).is_some_and(|kept| kept == value.expose())) {
            return Ok(());
        }
        self.parameters.put(parameter, value.expose()).await
    }

    async fn forget(&self, names: &[String]) -> PortResult<()> {
        for some in names.chunks(MOST_NAMES) {
            let parameters: Vec<_> = some.iter().map(|name| stored_parameter(&self.prefix, name)).collect();
            self.parameters.delete(&parameters).await?;
        }
        Ok(())
    }
}

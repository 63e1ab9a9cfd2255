//! The three calls that are made of the parameter store of Systems Manager.

use std::collections::HashMap;

use bellhop_app::ports::PortResult;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::json;

use crate::refusal::{Refusal, failed};
use crate::service::Service;

/// How many parameters one call reads or deletes.
pub(crate) const MOST_NAMES: usize = 10;

/// The parameter store.
#[derive(Clone)]
pub(crate) struct Parameters {
    service: Service,
}

/// What reading came to.
pub(crate) enum Found {
    /// The values that are there, by name.
    Values(HashMap<String, String>),
    /// One of them may not be read, or is no name of a parameter, so none was: the kind of the refusal.
    Refused(String),
}

/// The answer to `GetParameters`; it never prints.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct GotParameters {
    parameters: Vec<Parameter>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    name: String,
    value: String,
    /// The version or label that was asked for, with its colon.
    #[serde(default)]
    selector: String,
    #[serde(rename = "ARN", default)]
    arn: String,
}

impl Parameters {
    /// The parameter store that this service is.
    pub(crate) const fn new(service: Service) -> Self {
        Self { service }
    }

    /// Reads at most ten parameters.
    pub(crate) async fn get(&self, names: &[String]) -> PortResult<Found> {
        let fields = json!({"Names": names, "WithDecryption": true});
        match self.service.ask::<GotParameters>("AmazonSSM.GetParameters", &fields).await {
            Ok(got) => Ok(Found::Values(got.parameters.into_iter().flat_map(Parameter::named).collect())),
            Err(refusal) if is_about_names(&refusal) => Ok(Found::Refused(refusal.code)),
            Err(refusal) => Err(refusal.as_error("secrets could not be read")),
        }
    }

    /// Writes a value, encrypted, in place of any other of its name.
    pub(crate) async fn put(&self, name: &str, value: &str) -> PortResult<()> {
        // Free up to 4 KB; only longer values, such as private keys, cost something.
        let tier = "Intelligent-Tiering";
        let fields = json!({"Name": name, "Value": value, "Type": "SecureString", "Tier": tier, "Overwrite": true});
        let put = self.service.ask::<IgnoredAny>("AmazonSSM.PutParameter", &fields).await;
        put.map(|_| ()).map_err(failed("a secret could not be kept"))
    }

    /// Deletes at most ten parameters; those that are gone already do not matter.
    pub(crate) async fn delete(&self, names: &[String]) -> PortResult<()> {
        let deleted = self.service.ask::<IgnoredAny>("AmazonSSM.DeleteParameters", &json!({"Names": names})).await;
        deleted.map(|_| ()).map_err(failed("secrets could not be deleted"))
    }
}

impl Parameter {
    /// The value by each name that it may have been asked for with.
    fn named(self) -> [(String, String); 2] {
        let Self { name, value, selector, arn } = self;
        [(format!("{arn}{selector}"), value.clone()), (format!("{name}{selector}"), value)]
    }
}

/// Whether one of the names is the reason, so that others may well be read; anything else is the store's trouble.
fn is_about_names(refusal: &Refusal) -> bool {
    let kinds = ["AccessDeniedException", "ValidationException", "InvalidKeyId", "ParameterVersionNotFound"];
    kinds.contains(&refusal.code.as_str())
}

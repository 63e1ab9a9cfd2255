//! The three calls that are made of the parameter store of Systems Manager.

use std::collections::HashMap;

use bellhop_app::ports::{PortError, PortResult};
use http::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::signed::{Call, Signed};

/// How many parameters one call reads or deletes.
pub(crate) const MOST_NAMES: usize = 10;

/// The parameter store.
#[derive(Clone)]
pub(crate) struct Parameters {
    pub(crate) signed: Signed,
    pub(crate) address: String,
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

/// The answer to a call that was refused.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Refusal {
    #[serde(rename = "__type")]
    kind: String,
    #[serde(alias = "Message")]
    message: String,
}

impl Parameters {
    /// Reads at most ten parameters.
    pub(crate) async fn get(&self, names: &[String]) -> PortResult<Found> {
        let what = "secrets could not be read";
        let body = json!({"Names": names, "WithDecryption": true});
        let answer = self.call(what, "AmazonSSM.GetParameters", &body).await?;
        match answer {
            Ok(body) => {
                // Where it went wrong, and nothing of what stood there.
                let got: GotParameters = serde_json::from_slice(&body)
                    .map_err(|e| PortError::new(what, format_args!("column {}", e.column())))?;
                Ok(Found::Values(got.parameters.into_iter().flat_map(Parameter::named).collect()))
            }
            Err(refusal) if refusal.is_about_names() => Ok(Found::Refused(refusal.kind)),
            Err(refusal) => Err(refusal.as_error(what)),
        }
    }

    /// Writes a value, encrypted, in place of any other of its name.
    pub(crate) async fn put(&self, name: &str, value: &str) -> PortResult<()> {
        let what = "a secret could not be kept";
        // Free up to 4 KB; only longer values, such as private keys, cost something.
        let tier = "Intelligent-Tiering";
        let body = json!({"Name": name, "Value": value, "Type": "SecureString", "Tier": tier, "Overwrite": true});
        let answer = self.call(what, "AmazonSSM.PutParameter", &body).await?;
        answer.map(|_| ()).map_err(|refusal| refusal.as_error(what))
    }

    /// Deletes at most ten parameters; those that are gone already do not matter.
    pub(crate) async fn delete(&self, names: &[String]) -> PortResult<()> {
        let what = "secrets could not be deleted";
        let answer = self.call(what, "AmazonSSM.DeleteParameters", &json!({"Names": names})).await?;
        answer.map(|_| ()).map_err(|refusal| refusal.as_error(what))
    }

    /// Makes a call: its answer, or how it was refused.
    async fn call(&self, what: &str, target: &'static str, body: &Value) -> PortResult<Result<Vec<u8>, Refusal>> {
        let headers = [("content-type", "application/x-amz-json-1.1"), ("x-amz-target", target)];
        let url = format!("{}/", self.address);
        let body = body.to_string();
        let call = Call { method: Method::POST, url: &url, headers: &headers, body: body.as_bytes() };
        let reply = self.signed.call(what, &call).await?;
        match reply.status.is_success() {
            true => Ok(Ok(reply.body.to_vec())),
            false => Ok(Err(serde_json::from_slice(&reply.body).unwrap_or_default())),
        }
    }
}

impl Parameter {
    /// The value by each name that it may have been asked for with.
    fn named(self) -> [(String, String); 2] {
        let Self { name, value, selector, arn } = self;
        [(format!("{arn}{selector}"), value.clone()), (format!("{name}{selector}"), value)]
    }
}

impl Refusal {
    /// Whether one of the names is the reason, so that others may well be read; anything else is the store's trouble.
    fn is_about_names(&self) -> bool {
        let kinds = ["AccessDeniedException", "ValidationException", "InvalidKeyId", "ParameterVersionNotFound"];
        kinds.iter().any(|kind| self.kind.ends_with(kind))
    }

    /// What the service said, as an error.
    fn as_error(&self, what: &str) -> PortError {
        PortError::new(what, format_args!("{}: {}", self.kind, self.message))
    }
}

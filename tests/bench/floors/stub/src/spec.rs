//! What to measure: the file that the driver writes for each run.

use std::collections::BTreeMap;
use std::error::Error;
use std::time::Duration;

use serde::Deserialize;

/// One run of one function.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// The program and its arguments; the first may be a tool that runs the function.
    pub command: Vec<String>,
    /// The whole environment of the function, but for the addresses that the stub adds.
    pub environment: BTreeMap<String, String>,
    /// The core that the function runs on, where the machine has it.
    pub core: Option<usize>,
    /// The core that the stub runs on.
    pub stub_core: Option<usize>,
    /// The event's JSON; `{{delivery}}` becomes a new id for each invocation.
    pub event: String,
    /// How many events to send; with none, the run ends at the first `next`.
    pub invocations: usize,
    /// The file of answers for the AWS calls.
    pub answers: String,
    /// The folder with `cert.pem` and `key.pem`, for stand-ins over TLS.
    pub tls: Option<String>,
    /// The CPU limit that starts with the first `next`.
    pub quota: Option<Quota>,
    /// Where the function's own output goes.
    pub log: String,
    /// Where to write each AWS request down, one JSON object a line.
    pub capture: Option<String>,
    /// Whether the function is ended with SIGTERM rather than SIGKILL.
    pub terminate: bool,
    /// How long the whole run may take.
    pub timeout_seconds: u64,
}

/// A CPU limit by control group.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// The `cgroup.procs` file of the group that holds the limit.
    pub procs: String,
}

impl Spec {
    /// Reads and checks a file.
    pub fn read(path: &str) -> Result<Self, Box<dyn Error>> {
        let spec: Self = serde_json::from_slice(&std::fs::read(path)?)?;
        if spec.command.is_empty() {
            return Err("the command is empty".into());
        }
        Ok(spec)
    }

    /// How long the whole run may take.
    pub fn timeout(&self) -> Duration {
        Duration::from_secs(self.timeout_seconds)
    }
}

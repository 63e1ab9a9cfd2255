//! The deployed stack: `template.yaml` on MiniStack with the real function binaries.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde::Deserialize;
use tempfile::TempDir;

use crate::build::{self, Variant, workspace};
use crate::proxy::Proxy;

/// A deployed stack; it goes away when dropped.
#[derive(Debug)]
pub struct Stack {
    child: Child,
    folder: TempDir,
    /// How it is reached.
    pub deployed: Deployed,
}

/// What the deployment says of itself.
#[derive(Debug, Clone, Deserialize)]
pub struct Deployed {
    /// The address of the HTTP API.
    pub url: String,
    /// The address of the local AWS.
    pub endpoint_url: String,
    /// Its region.
    pub region: String,
    /// The token of the management API.
    pub admin_token: String,
    /// The template's outputs.
    pub outputs: Outputs,
}

/// The template's outputs that the tests use.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Outputs {
    /// The table.
    pub table_name: String,
    /// The bucket of large bodies.
    pub bucket_name: String,
    /// Where crashed events end.
    pub inbox_dead_letter_queue_url: String,
    /// Where crashed tasks end.
    pub telegram_dead_letter_queue_url: String,
}

impl Stack {
    /// Builds the functions, starts a local AWS and deploys; it fails the test where that does not work.
    pub fn deploy() -> Self {
        Self::deploy_with(&[])
    }

    /// The same on a port of its own, with the functions calling it through a proxy.
    pub fn deploy_behind(proxy: &Proxy, port: u16) -> Self {
        let (port, variable) = (port.to_string(), format!("AWS_ENDPOINT_URL={}", proxy.url()));
        Self::deploy_with(&["--port", &port, "--env", &variable])
    }

    fn deploy_with(options: &[&str]) -> Self {
        let binaries = build::functions();
        let folder = tempfile::Builder::new().prefix("bellhop-stack-").tempdir();
        let folder = folder.expect("a temporary folder can be made");
        let log = File::create(folder.path().join("log")).expect("a log file can be made");
        let mut command = Command::new(python());
        command.arg(workspace().join("infra/local_stack.py")).arg("run");
        command.arg("--binaries").arg(binaries).arg("--state").arg(folder.path().join("state")).args(options);
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log).spawn();
        let mut child = spawned.expect("the virtual environment of infra/requirements.txt is there");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("the output is a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("the output is text");
        let deployed = serde_json::from_str(&line);
        let deployed = deployed.unwrap_or_else(|error| panic!("no deployment ({error}):\n{}", log_of(folder.path())));
        Self { child, folder, deployed }
    }

    /// An address below the API's.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.deployed.url)
    }

    /// Runs `bellhop apply` with this configuration, token and environment.
    pub fn apply(&self, config: &str, token: &str, environment: &[(&str, &str)]) -> Output {
        let path = self.folder.path().join("bellhop.toml");
        std::fs::write(&path, config).expect("a configuration can be written");
        let mut command = Command::new(build::bellhop(Variant::Plain));
        command.args(["apply", "--url", &self.deployed.url, "--config"]).arg(path).stdin(Stdio::null());
        command.envs(environment.iter().copied()).env("BELLHOP_ADMIN_TOKEN", token);
        command.output().expect("bellhop runs")
    }

    /// Runs Python with `aws(service)` at hand and returns what it prints; `arguments` are `sys.argv[1:]`.
    pub fn python(&self, script: &str, arguments: &[&str]) -> String {
        let prelude = "import boto3, json, os, sys\n\
            def aws(service):\n    \
            return boto3.client(service, endpoint_url=os.environ['AWS_ENDPOINT_URL'], region_name=os.environ['AWS_REGION'], \
            aws_access_key_id='test', aws_secret_access_key='test')\n";
        let mut command = Command::new(python());
        command.args(["-c", &format!("{prelude}{script}")]).args(arguments);
        command.env("AWS_ENDPOINT_URL", &self.deployed.endpoint_url).env("AWS_REGION", &self.deployed.region);
        let output = command.output().expect("python runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// Everything in the table, as text; what is packed there is unpacked.
    pub fn stored(&self) -> String {
        const SCRIPT: &str = "import zlib\n\
            dictionary = open(sys.argv[2], 'rb').read()\n\
            def shown(value):\n    \
            packed = zlib.decompressobj(-15, zdict=dictionary)\n    \
            return (packed.decompress(value[1:]) if value[0] else value[1:]).decode('latin-1')\n\
            for page in aws('dynamodb').get_paginator('scan').paginate(TableName=sys.argv[1]):\n    \
            print(json.dumps(page['Items'], default=shown))";
        let dictionary = workspace().join("shared/aws/src/pack/dictionary.txt");
        self.python(SCRIPT, &[&self.deployed.outputs.table_name, &dictionary.to_string_lossy()])
    }

    /// What the deployment, the local AWS and the functions have printed.
    pub fn output(&self) -> String {
        log_of(self.folder.path()) + &self.function_logs()
    }

    /// The log lines of the functions, oldest first.
    pub fn function_logs(&self) -> String {
        const SCRIPT: &str = "logs = aws('logs')\n\
            for group in logs.describe_log_groups()['logGroups']:\n    \
            for event in logs.filter_log_events(logGroupName=group['logGroupName'])['events']:\n        \
            print(group['logGroupName'], event['message'].strip())";
        self.python(SCRIPT, &[])
    }

    /// Shows what the logs complain of, for a test that is failing.
    #[expect(clippy::print_stderr, reason = "only while a test fails")]
    fn show_logs(&self) {
        let output = self.output();
        let complaint = |line: &&str| ["ERROR", "WARN", "Traceback", "panicked"].iter().any(|word| line.contains(word));
        let lines: Vec<&str> = output.lines().filter(complaint).collect();
        eprintln!("--- the last complaints in the logs\n{}", lines[lines.len().saturating_sub(20)..].join("\n"));
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.show_logs();
        }
        // It stops what it started when its standard input closes.
        drop(self.child.stdin.take());
        for _ in 0..300 {
            if self.child.try_wait().is_ok_and(|status| status.is_some()) {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A port that nobody listens on.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind((std::net::Ipv4Addr::LOCALHOST, 0)).expect("a free port can be bound");
    listener.local_addr().expect("a bound listener has an address").port()
}

fn log_of(folder: &Path) -> String {
    let read = |path: PathBuf| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let logs = [read(folder.join("log")), read(folder.join("state/ministack.log"))];
    logs.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The interpreter of the virtual environment.
pub fn python() -> PathBuf {
    workspace().join(".venv/bin/python")
}

//! The deployed stack: `template.yaml` on MiniStack with the real function binaries.
//!
//! One serves all tests of a run, each in its turn. The first to come deploys it; it outlives that test, and ends with the
//! run, however that ends.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::build::{self, workspace};
use crate::manifest::{Manifest, resource};

/// The right to the stack, and the ports around it: one test has it at a time.
#[derive(Debug)]
pub struct Turn {
    folder: PathBuf,
    /// Where its parts find each other.
    pub ports: Ports,
    _lock: File,
}

/// The ports of the stack and of what the test in turn puts before and behind it, the same throughout a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ports {
    /// The local AWS.
    pub aws: u16,
    /// What the functions take for AWS: a proxy before the local one.
    pub proxy: u16,
    /// The Bot API.
    pub bot: u16,
}

/// The deployed stack.
#[derive(Debug)]
pub struct Stack {
    turn: Turn,
    /// How it is reached.
    pub deployed: Deployed,
}

/// What the deployment says of itself.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Deployed {
    /// The address of the HTTP API.
    pub url: String,
    /// The address of the local AWS.
    pub endpoint_url: String,
    /// Its region.
    pub region: String,
    /// The token of the management API.
    pub admin_token: String,
    /// The template's outputs by their names.
    pub outputs: BTreeMap<String, String>,
}

impl Deployed {
    /// An output of the template, which must have it.
    pub fn output(&self, name: &str) -> &str {
        self.outputs.get(name).unwrap_or_else(|| panic!("template.yaml has no output {name}"))
    }

    /// The address of a queue of the manifest.
    pub fn queue_url(&self, queue: &str) -> &str {
        self.output(&resource(queue, "QueueUrl"))
    }

    /// The address of its dead-letter queue.
    pub fn dead_letter_url(&self, queue: &str) -> &str {
        self.output(&resource(queue, "DeadLetterQueueUrl"))
    }
}

impl Turn {
    /// Waits until no other test of this run has the stack.
    pub fn wait() -> Self {
        let (run, _) = run();
        let folder = std::env::temp_dir().join(format!("bellhop-stack-{run}"));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let lock = File::create(folder.join("turn")).expect("a lock file can be made");
        lock.lock().expect("the lock can be taken");
        let ports = kept(&folder.join("ports.json"), Ports::choose);
        Self { folder, ports, _lock: lock }
    }

    /// Takes the stack over; the first to come deploys it with these parameters and has `prepare` make it ready for all.
    pub fn stack(self, parameters: &[(&str, String)], prepare: impl FnOnce(&Stack)) -> Stack {
        let file = self.folder.join("deployed.json");
        if let Ok(text) = std::fs::read_to_string(&file) {
            return Stack {
                deployed: serde_json::from_str(&text).expect("the deployment was written here"),
                turn: self,
            };
        }
        let deployed = deploy(&self, parameters);
        let stack = Stack { turn: self, deployed };
        prepare(&stack);
        kept(&file, || stack.deployed.clone());
        stack
    }
}

impl Ports {
    /// Takes free ports that the system gives to nobody who asks for any.
    fn choose() -> Self {
        let mut free = (20_000..30_000)
            .map(|port| 20_000 + (port + u64::from(std::process::id()) * 64) % 10_000)
            .filter_map(|port| u16::try_from(port).ok())
            .filter(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok());
        let mut next = || free.next().expect("some port is free");
        Self { aws: next(), proxy: next(), bot: next() }
    }
}

impl Stack {
    /// An address below the API's.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.deployed.url)
    }

    /// Runs `bellhop apply` with this configuration, token and environment.
    pub fn apply(&self, config: &str, token: &str, environment: &[(&str, &str)]) -> Output {
        let path = self.turn.folder.join("bellhop.toml");
        std::fs::write(&path, config).expect("a configuration can be written");
        let mut command = Command::new(build::bellhop());
        command.args(["apply", "--url", &self.deployed.url, "--config"]).arg(path).stdin(Stdio::null());
        command.envs(environment.iter().copied()).env("BELLHOP_ADMIN_TOKEN", token);
        command.output().expect("bellhop runs")
    }

    /// Runs Python with `aws(service)` at hand and returns what it prints; `arguments` are `sys.argv[1:]`.
    pub fn python(&self, script: &str, arguments: &[&str]) -> String {
        run_python(&self.deployed.endpoint_url, &self.deployed.region, script, arguments)
    }

    /// Waits until the inbox is empty and the router has no message in hand.
    pub fn settle(&self, limit: Duration) {
        let left = self.waiting(limit, &[self.deployed.queue_url("inbox")]);
        assert_eq!(left, "0", "messages still wait after {limit:?}");
    }

    /// Gives the functions this long to end what they have in hand.
    pub fn rest(&self, limit: Duration) {
        let manifest = Manifest::load();
        let queues: Vec<&str> = manifest.queues.keys().map(|queue| self.deployed.queue_url(queue)).collect();
        self.waiting(limit, &queues);
    }

    /// Waits until these queues have no message, seen or unseen; how many they have at the end.
    fn waiting(&self, limit: Duration, queues: &[&str]) -> String {
        const SCRIPT: &str = "import time\n\
            sqs, names = aws('sqs'), ['ApproximateNumberOfMessages', 'ApproximateNumberOfMessagesNotVisible']\n\
            def left(url):\n    \
            seen = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)['Attributes']\n    \
            return sum(int(seen[name]) for name in names)\n\
            end = time.monotonic() + float(sys.argv[1])\n\
            while (waiting := sum(map(left, sys.argv[2:]))) and time.monotonic() < end: time.sleep(0.1)\n\
            print(waiting)";
        let limit = limit.as_secs().to_string();
        self.python(SCRIPT, &[&[limit.as_str()], queues].concat())
    }

    /// Everything in the table, as text; what is packed there is unpacked.
    pub fn stored(&self) -> String {
        let dictionary = workspace().join("shared/aws/src/pack/dictionary.txt");
        let arguments = [self.deployed.output("TableName"), &dictionary.to_string_lossy()];
        self.python(include_str!("stack/stored.py"), &arguments)
    }

    /// What the deployment, the local AWS and the functions have printed.
    pub fn output(&self) -> String {
        log_of(&self.turn.folder) + &self.function_logs()
    }

    /// The log lines of the functions, oldest first.
    pub fn function_logs(&self) -> String {
        const SCRIPT: &str = "logs = aws('logs')\n\
            for group in logs.describe_log_groups()['logGroups']:\n    \
            for page in logs.get_paginator('filter_log_events').paginate(logGroupName=group['logGroupName']):\n        \
            for event in page['events']: print(group['logGroupName'], event['message'].strip())";
        self.python(SCRIPT, &[])
    }

    /// How often a function has run to its end.
    pub fn runs(&self, function: &str) -> usize {
        let group = format!("bellhop-{function} ");
        self.function_logs().lines().filter(|line| line.contains(&group) && line.contains("REPORT ")).count()
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
    }
}

/// The id of this test run, and the process with whose end it ends.
fn run() -> (String, u32) {
    match std::env::var("NEXTEST_RUN_ID") {
        Ok(run) => (run, std::os::unix::process::parent_id()),
        // All tests are in this process.
        Err(_) => (std::process::id().to_string(), std::process::id()),
    }
}

/// Starts a local AWS that ends with the run, and deploys to it; it fails the test where that does not work.
#[expect(clippy::zombie_processes, reason = "it outlives the test that starts it, and ends with the run")]
fn deploy(turn: &Turn, parameters: &[(&str, String)]) -> Deployed {
    for function in Manifest::load().names() {
        build::program(function);
    }
    let (folder, (_, owner)) = (&turn.folder, run());
    let log = File::create(folder.join("log")).expect("a log file can be made");
    let mut command = Command::new(python());
    command.arg(workspace().join("infra/local_stack.py")).args(["run", "--prefix", build::TESTED, "--binaries"]);
    command.arg(build::programs()).arg("--state").arg(folder);
    command.args(["--port", &turn.ports.aws.to_string(), "--until-end-of", &owner.to_string()]);
    command.args(["--env", &format!("AWS_ENDPOINT_URL=http://localhost:{}", turn.ports.proxy)]);
    for (name, value) in parameters {
        command.args(["--parameter", &format!("{name}={value}")]);
    }
    // A process group of its own: what stops this test does not stop what others use.
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).process_group(0).spawn();
    let mut child: Child = spawned.expect("the virtual environment of infra/requirements.txt is there");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("the output is a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("the output is text");
    let deployed = serde_json::from_str(&line);
    deployed.unwrap_or_else(|error| panic!("no deployment ({error}):\n{}", log_of(folder)))
}

/// What this file holds; where there is none, what is made for it.
fn kept<T: Serialize + for<'a> Deserialize<'a>>(file: &Path, make: impl FnOnce() -> T) -> T {
    if let Ok(text) = std::fs::read_to_string(file) {
        return serde_json::from_str(&text).expect("the file was written here");
    }
    let made = make();
    std::fs::write(file, serde_json::to_string(&made).expect("it is JSON")).expect("a file can be written");
    made
}

fn log_of(folder: &Path) -> String {
    let read = |path: PathBuf| std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    let logs = [read(folder.join("log")), read(folder.join("ministack.log"))];
    logs.into_iter().flatten().collect::<Vec<_>>().join("\n")
}

/// The interpreter of the virtual environment.
pub fn python() -> PathBuf {
    workspace().join(".venv/bin/python")
}

/// Runs Python with `aws(service)` at hand for what is at this address and returns what it prints; `arguments` are
/// `sys.argv[1:]`.
pub fn run_python(endpoint_url: &str, region: &str, script: &str, arguments: &[&str]) -> String {
    let prelude = "import boto3, json, os, sys\n\
        def aws(service):\n    \
        return boto3.client(service, endpoint_url=os.environ['AWS_ENDPOINT_URL'], region_name=os.environ['AWS_REGION'], \
        aws_access_key_id='test', aws_secret_access_key='test')\n";
    let mut command = Command::new(python());
    command.args(["-c", &format!("{prelude}{script}")]).args(arguments);
    command.env("AWS_ENDPOINT_URL", endpoint_url).env("AWS_REGION", region);
    let output = command.output().expect("python runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

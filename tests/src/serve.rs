//! `bellhop serve` as a process under test.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use crate::build;

/// How long a start may take before a test gives up on it.
const START_LIMIT: Duration = Duration::from_secs(20);

/// A configuration, a data folder and an environment: what a `bellhop serve` is started with, again and again.
#[derive(Debug)]
pub struct Setup {
    folder: TempDir,
    environment: Vec<(String, String)>,
    removed: Vec<String>,
    file_size_limit: Option<u64>,
}

impl Setup {
    /// Writes `config` into a new folder.
    pub fn new(config: &str) -> Self {
        let folder =
            tempfile::Builder::new().prefix("bellhop-test-").tempdir().expect("a temporary folder can be made");
        let setup = Self { folder, environment: Vec::new(), removed: Vec::new(), file_size_limit: None };
        setup.write_config(config);
        setup
    }

    /// Adds a variable to the process's environment.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a variable out of the process's environment.
    pub fn without_env(mut self, name: &str) -> Self {
        self.environment.retain(|(known, _)| known != name);
        self.removed.push(name.to_owned());
        self
    }

    /// Lets no file of the process grow over `kilobytes`, as a full disk would; `raise_file_limit` ends it.
    pub fn file_size_limit(mut self, kilobytes: u64) -> Self {
        self.file_size_limit = Some(kilobytes);
        self
    }

    /// Replaces the configuration.
    pub fn write_config(&self, config: &str) {
        std::fs::write(self.config_path(), config).expect("a configuration can be written");
    }

    /// The configuration file.
    pub fn config_path(&self) -> PathBuf {
        self.folder.path().join("bellhop.toml")
    }

    /// The data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// The folder that holds both.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts the process and waits until it listens.
    pub fn start(&self) -> Bellhop {
        self.try_start().unwrap_or_else(|output| panic!("bellhop is not listening; its output:\n{output}"))
    }

    /// Starts the process and waits until it listens, or gives what it printed.
    pub fn try_start(&self) -> Result<Bellhop, String> {
        let mut command = self.command();
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bellhop starts");
        let log = Log::default();
        collect(child.stdout.take(), &log);
        collect(child.stderr.take(), &log);
        let listens = |line: &str| line.trim().strip_prefix("listening on ").map(|url| url.trim().to_owned());
        while started.elapsed() < START_LIMIT {
            let ended = child.try_wait().expect("a child can be waited for").is_some();
            if let Some(url) = log.wait_for(Duration::from_millis(100), listens) {
                return Ok(Bellhop { child, url, log, ready_after: started.elapsed() });
            }
            if ended {
                break;
            }
        }
        child.kill().ok();
        child.wait().ok();
        Err(log.text())
    }

    /// Runs the process to its end, for starts that must fail: exit status and everything printed.
    pub fn run_to_end(&self, limit: Duration) -> (Option<ExitStatus>, String) {
        let mut child = self.command().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bellhop starts");
        let log = Log::default();
        let readers = [collect(child.stdout.take(), &log), collect(child.stderr.take(), &log)];
        let status = wait(&mut child, limit);
        if status.is_none() {
            child.kill().ok();
            child.wait().ok();
        }
        for reader in readers.into_iter().flatten() {
            reader.join().ok();
        }
        (status, log.text())
    }

    fn command(&self) -> Command {
        let program = build::bellhop();
        let mut command = match self.file_size_limit {
            None => Command::new(program),
            Some(kilobytes) => {
                // With the signal ignored, a write over the limit fails as one on a full disk does.
                let mut shell = Command::new("bash");
                let script = format!("trap '' XFSZ; ulimit -S -f {kilobytes}; exec \"$0\" \"$@\"");
                shell.args(["-c", &script]).arg(program);
                shell
            }
        };
        command
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(self.data())
            .arg("--config")
            .arg(self.config_path());
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        for name in &self.removed {
            command.env_remove(name);
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A running `bellhop serve`; it is killed when dropped.
#[derive(Debug)]
pub struct Bellhop {
    child: Child,
    /// `http://HOST:PORT`, as it printed it.
    pub url: String,
    log: Log,
    /// From its start to the line that says it listens.
    pub ready_after: Duration,
}

impl Bellhop {
    /// An address below the server's.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.url)
    }

    /// Everything it has printed.
    pub fn output(&self) -> String {
        self.log.text()
    }

    /// Waits until it prints a line that contains `text`.
    pub fn wait_for_output(&self, text: &str, limit: Duration) -> Option<String> {
        self.log.wait_for(limit, |line| line.contains(text).then(|| line.to_owned()))
    }

    /// Whether it ends by itself within a time.
    pub fn ends(&mut self, limit: Duration) -> bool {
        wait(&mut self.child, limit).is_some()
    }

    /// Kills it as a power cut would: no handler runs.
    pub fn kill(mut self) -> String {
        self.child.kill().expect("a running process can be killed");
        self.child.wait().expect("a killed process ends");
        self.log.text()
    }

    /// Asks it to stop, and says how it ended.
    pub fn terminate(mut self, limit: Duration) -> (Option<ExitStatus>, String) {
        kill_process(self.pid(), Signal::TERM).expect("a running process can be asked to stop");
        let status = wait(&mut self.child, limit);
        (status, self.log.text())
    }

    /// Ends the limit of `Setup::file_size_limit`.
    pub fn raise_file_limit(&self) {
        let pid = self.child.id().to_string();
        let status = Command::new("prlimit").args(["--pid", &pid, "--fsize=unlimited"]).status().expect("prlimit runs");
        assert!(status.success(), "prlimit failed");
    }

    /// Resident memory in bytes.
    pub fn resident_bytes(&self) -> u64 {
        self.memory("VmRSS:")
    }

    /// The most resident memory that it ever had, in bytes.
    pub fn peak_bytes(&self) -> u64 {
        self.memory("VmHWM:")
    }

    /// A line of the kernel's about the process's memory, in bytes.
    fn memory(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024
    }

    /// How many files it has open, connections among them.
    pub fn open_files(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).map_or(0, Iterator::count)
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Bellhop {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn wait(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = Instant::now() + limit;
    while Instant::now() < deadline {
        if let Some(status) = child.try_wait().expect("a child can be waited for") {
            return Some(status);
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    None
}

/// The lines of a process, as they come.
#[derive(Debug, Default, Clone)]
struct Log {
    lines: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Log {
    fn push(&self, line: String) {
        self.lines.0.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        self.lines.1.notify_all();
    }

    fn text(&self) -> String {
        self.lines.0.lock().unwrap_or_else(PoisonError::into_inner).join("\n")
    }

    fn wait_for<T>(&self, limit: Duration, wanted: impl Fn(&str) -> Option<T>) -> Option<T> {
        let deadline = Instant::now() + limit;
        let mut lines = self.lines.0.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(found) = lines.iter().find_map(|line| wanted(line)) {
                return Some(found);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            lines = self.lines.1.wait_timeout(lines, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

fn collect(from: Option<impl Read + Send + 'static>, log: &Log) -> Option<std::thread::JoinHandle<()>> {
    let (from, log) = (from?, log.clone());
    Some(std::thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            log.push(String::from_utf8_lossy(&line).into_owned());
        }
    }))
}

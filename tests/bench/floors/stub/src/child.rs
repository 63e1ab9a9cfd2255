//! The function as a process: start, core, CPU limit, memory, end.

use std::error::Error;
use std::fs::File;
use std::io;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::report::{Memory, Seen};
use crate::runtime_api::Finished;
use crate::spec::{Quota, Spec};

/// The function's process id, for the moment when its limit starts.
static PROCESS: AtomicU32 = AtomicU32::new(0);

/// A started function.
pub struct Function {
    process: Child,
}

/// Keeps this thread, and what it starts, on one core; without such a core it runs anywhere.
pub fn pin(core: Option<usize>) {
    if let Some(core) = core {
        let mut cores = CpuSet::new();
        cores.set(core);
        let _fewer_cores = sched_setaffinity(None, &cores);
    }
}

/// Puts the function into the group that holds its limit, and waits until it is there.
pub fn limit(quota: &Quota) -> io::Result<()> {
    let process = loop {
        match PROCESS.load(Ordering::SeqCst) {
            0 => thread::yield_now(),
            process => break process,
        }
    };
    std::fs::write(&quota.procs, process.to_string())
}

/// Starts the function from a thread on the function's core.
pub fn spawn(spec: &Spec, api: &str, endpoint: &str, seen: &Arc<Seen>) -> Result<Function, Box<dyn Error>> {
    let log = File::create(&spec.log)?;
    let mut command = Command::new(&spec.command[0]);
    command
        .args(&spec.command[1..])
        .env_clear()
        .envs(&spec.environment)
        .env("AWS_LAMBDA_RUNTIME_API", api)
        .env("AWS_ENDPOINT_URL", endpoint)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    let (core, seen) = (spec.core, Arc::clone(seen));
    let spawned = thread::spawn(move || {
        pin(core);
        seen.spawned();
        command.spawn()
    });
    let process = spawned.join().map_err(|_| "the starting thread died")??;
    PROCESS.store(process.id(), Ordering::SeqCst);
    Ok(Function { process })
}

impl Function {
    /// Waits until all events are done, the function has ended or time is up.
    pub fn wait_for(&mut self, finished: &Receiver<Finished>, timeout: Duration) -> Result<(), Box<dyn Error>> {
        let deadline = Instant::now() + timeout;
        loop {
            match finished.recv_timeout(Duration::from_millis(50)) {
                Ok(how) => return Ok(how?),
                Err(RecvTimeoutError::Disconnected) => return Err("the Runtime API ended".into()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if let Some(status) = self.process.try_wait()? {
                return Err(format!("the function ended by itself: {status}").into());
            }
            if Instant::now() > deadline {
                return Err("the function took too long".into());
            }
        }
    }

    /// Reads the memory and ends the function, by SIGTERM where a tool still has to write its result.
    pub fn end(&mut self, terminate: bool) -> Memory {
        let memory = memory(self.process.id()).unwrap_or_default();
        let pid = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        if let Some(pid) = pid {
            let signal = if terminate { Signal::TERM } else { Signal::KILL };
            let _already_gone = kill_process(pid, signal);
        }
        let _already_gone = self.process.wait();
        memory
    }
}

/// Reads a process's memory from the kernel.
fn memory(process: u32) -> Option<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let field = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name))?;
        line.split_whitespace().nth(1)?.parse().ok()
    };
    Some(Memory { peak_kib: field("VmHWM:")?, resident_kib: field("VmRSS:")? })
}

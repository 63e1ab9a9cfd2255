//! Building the programs under test, once for all test processes of a run.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// A build of the `bellhop` binary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// As it is.
    Plain,
    /// With the cargo features `faults`, which can switch a safety step off, and `otlp`.
    Faults,
}

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// Cargo's target folder, found from this very test binary.
pub fn target() -> PathBuf {
    let binary = std::env::current_exe().expect("a test knows its own path");
    let profile =
        binary.ancestors().find(|path| path.join("deps").is_dir()).expect("a test binary lies in a target folder");
    profile.parent().expect("a profile folder lies in the target folder").to_owned()
}

/// The path of `bellhop`, built when this test run first asks for it; `BELLHOP_BIN` names another.
pub fn bellhop(variant: Variant) -> &'static Path {
    static PLAIN: OnceLock<PathBuf> = OnceLock::new();
    static FAULTS: OnceLock<PathBuf> = OnceLock::new();
    match variant {
        Variant::Plain => PLAIN.get_or_init(|| match std::env::var_os("BELLHOP_BIN") {
            Some(given) => given.into(),
            None => build_bellhop("bellhop", &[]),
        }),
        Variant::Faults => FAULTS.get_or_init(|| build_bellhop("bellhop-faults", &["--features", "faults,otlp"])),
    }
}

/// Both variants are linked to the same path, so each is copied to a name of its own while the lock is held.
fn build_bellhop(name: &str, features: &[&str]) -> PathBuf {
    let kept = programs().join(name);
    once_per_run(name, || {
        cargo(&[&["build", "--quiet", "-p", "bellhop"], features].concat());
        let fresh = kept.with_extension(std::process::id().to_string());
        std::fs::copy(target().join("debug/bellhop"), &fresh).expect("the binary can be copied");
        std::fs::rename(&fresh, &kept).expect("the copy can be renamed");
    });
    kept
}

/// The folder of the function binaries for this machine, built when this test run first asks for them.
pub fn functions() -> PathBuf {
    once_per_run("functions", || {
        cargo(&["build", "--quiet", "-p", "ingress", "-p", "router", "-p", "telegram", "-p", "api", "-p", "scheduler"]);
    });
    target().join("debug")
}

/// Runs `work` in the first test process of a run that gets here; the others wait for it.
pub fn once_per_run(name: &str, work: impl FnOnce()) {
    let lock = File::create(programs().join("lock")).expect("a lock file can be made");
    lock.lock().expect("the lock can be taken");
    let run = std::env::var("NEXTEST_RUN_ID").unwrap_or_else(|_| std::process::id().to_string());
    let marker = programs().join(format!("{name}.run"));
    if std::fs::read_to_string(&marker).is_ok_and(|last| last == run) {
        return;
    }
    work();
    std::fs::write(&marker, run).expect("a marker can be written");
}

/// Runs cargo in the workspace and fails the test with its output.
pub fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(workspace()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn programs() -> PathBuf {
    let folder = target().join("debug/bellhop-tests");
    std::fs::create_dir_all(&folder).expect("a folder in the target folder can be made");
    folder
}

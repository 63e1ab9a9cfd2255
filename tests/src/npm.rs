//! The packages of `package.json`: GitHub's example bodies, and the senders' own libraries.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The folder of the packages, installed when they are not there as the lock file has them; the lock keeps test
/// processes from installing them twice at once.
pub fn packages() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    let lock = File::create(std::env::temp_dir().join("bellhop-tests-npm.lock")).expect("a lock file can be made");
    lock.lock().expect("the lock can be taken");
    let written = |file: &str| std::fs::metadata(tests.join(file)).and_then(|found| found.modified());
    // npm writes this one last.
    let installed = written("node_modules/.package-lock.json").unwrap_or(SystemTime::UNIX_EPOCH);
    if installed < written("package-lock.json").expect("the lock file is there") {
        let npm =
            Command::new("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(tests).output();
        let npm = npm.expect("npm is installed");
        assert!(npm.status.success(), "npm ci failed: {}", String::from_utf8_lossy(&npm.stderr));
    }
    tests.join("node_modules")
}

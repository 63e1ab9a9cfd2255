//! The programs under test. Cargo builds them together with the tests, so that no test has to build anything.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What stands before the name of a product's program where it is built for the tests.
pub const TESTED: &str = "tested-";

/// The workspace's folder.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests lie in the workspace").to_owned()
}

/// The folder of the programs, found from this very test binary.
pub fn programs() -> PathBuf {
    let binary = std::env::current_exe().expect("a test knows its own path");
    let profile =
        binary.ancestors().find(|path| path.join("deps").is_dir()).expect("a test binary lies in a target folder");
    profile.to_owned()
}

/// The path of `bellhop`; `BELLHOP_BIN` names another.
pub fn bellhop() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match std::env::var_os("BELLHOP_BIN") {
        Some(given) => given.into(),
        None => program("bellhop"),
    })
}

/// The path of one of the product's programs as it was built with the tests.
pub fn program(name: &str) -> PathBuf {
    let path = programs().join(format!("{TESTED}{name}"));
    assert!(
        path.is_file(),
        "{} is missing: it is built with the tests of the package bellhop-tests; run `cargo build --workspace`",
        path.display()
    );
    path
}

/// Runs cargo in the workspace and fails the test with its output.
pub fn cargo(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo).args(arguments).current_dir(workspace()).output().expect("cargo runs");
    assert!(output.status.success(), "cargo {arguments:?} failed:\n{}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

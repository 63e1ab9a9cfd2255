//! The rules of the workspace: who may depend on whom, what no function carries, and how long files may be.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use bellhop_tests::build::{cargo, workspace};
use bellhop_tests::manifest::Manifest;
use serde_json::Value;

const DOMAIN: [&str; 3] = ["bellhop-senders", "bellhop-core", "bellhop-app"];
const ADAPTERS: [&str; 4] = ["bellhop-api", "bellhop-aws", "bellhop-http", "bellhop-sqlite"];
const RUNTIMES: [&str; 2] = ["bellhop-lambda", "bellhop-process"];

/// The workspace's packages with the names of what they depend on outside their tests.
fn packages() -> HashMap<String, HashSet<String>> {
    let metadata: Value = serde_json::from_slice(&cargo(&["metadata", "--format-version", "1", "--no-deps"]))
        .expect("cargo metadata is JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let used = |package: &Value| {
        let outside_tests = |dependency: &Value| dependency["kind"].as_str() != Some("dev");
        list(&package["dependencies"]).iter().filter(|d| outside_tests(d)).map(|d| text(&d["name"])).collect()
    };
    list(&metadata["packages"]).iter().map(|package| (text(&package["name"]), used(package))).collect()
}

#[test]
fn dependencies_point_inwards() {
    let packages = packages();
    let manifest = Manifest::load();
    let functions: HashSet<&str> = manifest.names().collect();
    let allowed = |name: &str| -> Vec<&str> {
        match name {
            "bellhop-senders" => vec![],
            "bellhop-core" => vec!["bellhop-senders"],
            "bellhop-app" => DOMAIN[..2].to_vec(),
            "bellhop-net" => DOMAIN[..2].to_vec(),
            name if ADAPTERS.contains(&name) => [&DOMAIN[..], &["bellhop-net"]].concat(),
            name if RUNTIMES.contains(&name) => [&DOMAIN[..], &ADAPTERS].concat(),
            name if functions.contains(name) => [&DOMAIN[..], &ADAPTERS, &["bellhop-lambda"]].concat(),
            "bellhop" => [&DOMAIN[..], &ADAPTERS, &["bellhop-process"]].concat(),
            _ => packages.keys().map(String::as_str).collect(),
        }
    };
    let crates = DOMAIN.into_iter().chain(ADAPTERS).chain(RUNTIMES).chain(["bellhop", "bellhop-net"]);
    for name in crates.chain(manifest.names()) {
        assert!(packages.contains_key(name), "there is a package {name}");
    }
    for (name, used) in &packages {
        let allowed = allowed(name);
        for dependency in used.iter().filter(|dependency| packages.contains_key(*dependency)) {
            assert!(allowed.contains(&dependency.as_str()), "{name} must not know {dependency}");
        }
    }
}

#[test]
fn only_their_adapter_names_aws_and_lambda() {
    let manifest = Manifest::load();
    for (name, used) in packages() {
        let tests = name == "bellhop-tests" || name.starts_with("bellhop-bench");
        for dependency in &used {
            let sdk = dependency.starts_with("aws-sdk-") || dependency.starts_with("aws-config");
            assert!(!sdk || tests || name == "bellhop-aws", "{name} must not name {dependency}");
            let lambda = dependency.starts_with("lambda_");
            let may = tests || name == "bellhop-lambda" || manifest.functions.contains_key(&name);
            assert!(!lambda || may, "{name} must not name {dependency}");
        }
    }
}

/// The crates that a package is built of, without its tests, as `name version`.
fn tree(package: &str) -> HashSet<(String, String)> {
    let arguments = ["tree", "--package", package, "--edges", "normal", "--prefix", "none", "--format", "{p}"];
    let text = String::from_utf8(cargo(&arguments)).expect("cargo tree is UTF-8");
    let line = |line: &str| {
        let mut words = line.split_whitespace();
        Some((words.next()?.to_owned(), words.next()?.trim_start_matches('v').to_owned()))
    };
    text.lines().filter_map(line).collect()
}

/// The crates that a selection of packages is built of, each with its features.
fn built(selection: &[&str], edges: &str) -> HashSet<String> {
    let form = ["--prefix", "none", "--format", "{p} {f}", "--edges", edges];
    let text = String::from_utf8(cargo(&[&["tree"], selection, &form].concat())).expect("cargo tree is UTF-8");
    let named = |line: &str| line.trim_end_matches(" (*)").to_owned();
    text.lines().filter(|line| !line.is_empty()).map(named).collect()
}

/// What was built for one command is there for the next: `--workspace`, with or without `--bin`, and these tests alone.
#[test]
fn builds_share_what_they_compile() {
    let whole = built(&["--workspace"], "normal,build,dev");
    assert!(whole.iter().any(|line| line.starts_with("tokio v1") && line.contains("test-util")), "{whole:?}");
    for (selection, edges) in [
        (["--workspace"].as_slice(), "normal,build"),
        (&["--package", "bellhop-tests"], "normal,build"),
        (&["--package", "bellhop-tests"], "normal,build,dev"),
    ] {
        let other = built(selection, edges);
        let mut again: Vec<_> = other.difference(&whole).collect();
        again.sort();
        assert!(
            again.is_empty(),
            "{selection:?} builds these again, with other features than `--workspace`: {again:#?}"
        );
    }
}

/// A second, old HTTP and TLS stack, a crypto library that gathers entropy at start, and the native root store.
#[test]
fn functions_carry_one_lean_tls_stack() {
    for function in Manifest::load().names() {
        let crates = tree(function);
        assert!(crates.iter().any(|(name, _)| name == "lambda_runtime"), "{function} is a function");
        for (name, version) in &crates {
            let old_stack =
                (name == "hyper" && version.starts_with("0.14")) || (name == "rustls" && version.starts_with("0.21"));
            let heavy =
                ["aws-lc-rs", "aws-lc-sys", "rustls-native-certs", "openssl", "openssl-sys", "native-tls", "rusqlite"]
                    .contains(&name.as_str());
            // The router and the document of the management API are its function's alone.
            let of_api = ["axum", "utoipa"].contains(&name.as_str()) && function != "api";
            assert!(!old_stack && !heavy && !of_api, "{function} carries {name} {version}");
        }
    }
}

#[test]
fn core_is_pure() {
    let heavy = ["tokio", "hyper", "axum", "reqwest", "rusqlite", "futures-util", "async-trait", "rand", "getrandom"];
    let crates = tree("bellhop-core");
    // ring, which checks public keys' signatures, could make keys too: it alone may carry chance, and core may not ask it.
    let of_ring = tree("ring");
    for (name, version) in crates.difference(&of_ring) {
        assert!(!heavy.contains(&name.as_str()) && !name.starts_with("aws-"), "core carries {name} {version}");
    }
    let forbidden = [
        "ring::rand",
        "getrandom",
        "std::env::",
        "SystemTime::now",
        "Instant::now",
        "std::fs",
        "std::process",
        "TcpStream",
        "async fn",
        "println!",
    ];
    for file in ["shared/senders/src", "shared/core/src"].iter().flat_map(|folder| sources(&workspace().join(folder))) {
        let text = product_part(&file);
        for word in forbidden {
            assert!(!text.contains(word), "{} holds {word}", file.display());
        }
    }
}

#[test]
fn functions_only_wire() {
    for function in Manifest::load().names() {
        let main = std::fs::read_to_string(workspace().join("functions").join(function).join("src/main.rs"))
            .expect("a function has a main.rs");
        assert!(main.lines().count() <= 40, "functions/{function}/src/main.rs has {} lines", main.lines().count());
    }
}

#[test]
fn files_are_short() {
    let folders = ["shared", "functions", "cli"];
    let files: Vec<PathBuf> = folders.iter().flat_map(|folder| sources(&workspace().join(folder))).collect();
    assert!(files.len() > 30, "{} files", files.len());
    for file in files {
        let lines = product_part(&file).lines().count();
        assert!(lines <= 400, "{} has {lines} lines", file.display());
    }
}

/// A file up to its unit tests.
fn product_part(file: &Path) -> String {
    let text = std::fs::read_to_string(file).expect("a source file is readable");
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned()
}

/// The Rust files below a folder, without the files of tests.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a source folder is readable");
    let (folders, files): (Vec<PathBuf>, Vec<PathBuf>) =
        entries.flatten().map(|entry| entry.path()).partition(|path| path.is_dir());
    let of_tests =
        |path: &Path| ["promises", "tests"].iter().any(|name| path.file_stem().is_some_and(|stem| stem == *name));
    let product = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "rs") && !of_tests(path);
    let deeper = folders.iter().filter(|folder| !folder.ends_with("target") && !of_tests(folder));
    files.into_iter().filter(product).chain(deeper.flat_map(|folder| sources(folder))).collect()
}

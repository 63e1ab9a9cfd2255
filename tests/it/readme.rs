//! The README followed to the letter: every block of commands, in order, each in a terminal of its own, in a clean folder.
//!
//! Nothing is changed but `BASE_URL`, for which the README says where it comes from, and the profile. What `make` would
//! install is taken from this checkout, and so is what cargo has compiled of other people's crates: with the tests, in the
//! profile `dev`.

use std::fs::File;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use bellhop_tests::build::{programs, workspace};
use rustix::process::{Pid, Signal, kill_process_group};
use tempfile::TempDir;

/// How long a command may take, or show nothing of what it should, on a slow machine with other work.
const PATIENCE: Duration = Duration::from_secs(600);

/// How the README has cargo run the program, and the same with what was compiled for the tests.
const RUN: [&str; 2] = ["cargo run --profile quick --package bellhop --", "cargo run --bin bellhop --"];

/// What a reader does with a block of commands.
enum Then {
    /// They wait for its end, which is good.
    Ends,
    /// They do it again until it shows what they look for.
    Repeats,
    /// They wait for its end, which is an error that the README speaks of.
    Refuses,
    /// They leave it running once this shows.
    Leaves(&'static str),
    /// They stop it once this shows.
    Stops(&'static str),
    /// They do it elsewhere, for this reason.
    NotHere(&'static str),
}

/// Every block by words of its own, what becomes of it, and what it shows; each of these stands in the README, too.
const BLOCKS: [(&str, Then, &[&str]); 15] = [
    ("make run", Then::Stops("That took"), &["└─"]),
    ("make test", Then::NotHere("it would run this test"), &[]),
    ("cp bellhop.example.toml", Then::Ends, &[]),
    ("-- serve", Then::Leaves("listening on http://127.0.0.1:8080"), &[]),
    ("curl http://127.0.0.1:8080", Then::Ends, &[r#"{"id":"…","status":"accepted"}"#]),
    ("bellhop senders stripe", Then::Ends, &["stripe"]),
    ("bellhop send github", Then::Ends, &[r#"{"id":"…","status":"accepted"}"#]),
    ("bellhop explain", Then::Refuses, &["refused: the header x-hub-signature-256 is missing or empty"]),
    ("make deploy  ", Then::NotHere("it needs an AWS account; the next one is its like for this machine"), &[]),
    ("make deploy-local", Then::Ends, &[]),
    ("Hello, functions", Then::Ends, &[r#"{"id":"…","status":"accepted"}"#]),
    ("make local-logs", Then::Repeats, &["Hello, functions"]),
    ("make watch", Then::Leaves("starting Runtime server"), &[]),
    ("cargo lambda invoke", Then::Ends, &[r#""statusCode":200"#]),
    ("make local-down", Then::Ends, &[]),
];

#[test]
fn every_command_of_the_readme_does_what_it_says() {
    let readme = std::fs::read_to_string(workspace().join("README.md")).expect("there is a README");
    let blocks = fenced(&readme, "sh");
    assert_eq!(blocks.len(), BLOCKS.len(), "the list above knows every block of the README");
    let folder = Checkout::clean();
    let mut running: Vec<Terminal> = Vec::new();
    let mut address = String::new();
    for (commands, (words, then, shown)) in blocks.iter().zip(&BLOCKS) {
        assert!(commands.contains(words), "the block of {words:?} is next, not\n{commands}");
        if let Then::NotHere(why) = then {
            assert!(!why.is_empty());
            continue;
        }
        assert!(!commands.contains("cargo run") || holds_run(commands), "cargo runs something else in\n{commands}");
        let commands = &commands.replace("BASE_URL", &address);
        let mut terminal = folder.terminal(commands);
        let deadline = Instant::now() + PATIENCE;
        match then {
            Then::Leaves(text) | Then::Stops(text) => terminal.shows(text),
            Then::Repeats => {
                while terminal.end().success() && !shown.iter().all(|text| holds(&terminal.text(), text)) {
                    assert!(Instant::now() < deadline, "{}", terminal.text());
                    terminal = folder.terminal(commands);
                }
            }
            Then::Refuses => assert!(!terminal.end().success(), "{}", terminal.text()),
            Then::Ends => assert!(terminal.end().success(), "{}", terminal.text()),
            Then::NotHere(_) => unreachable!("left out above"),
        }
        for text in *shown {
            assert!(readme.contains(text), "the README says {text:?}");
            terminal.shows(text);
        }
        if let Some((_, found)) = terminal.text().split_once("API:") {
            address = found.split_whitespace().next().unwrap_or_default().to_owned();
        }
        if matches!(then, Then::Leaves(_)) {
            running.push(terminal);
        } else if commands.contains("curl http://127.0.0.1") {
            running[0].shows(fenced(&readme, "text")[0].trim_end());
        }
    }
}

/// The contents of the README's blocks of a kind.
fn fenced(readme: &str, kind: &str) -> Vec<String> {
    let block = |part: &str| part.split_once("\n```\n").map(|(block, _)| format!("{block}\n"));
    readme.split(&format!("\n```{kind}\n")).skip(1).filter_map(block).collect()
}

/// The same command, saying less.
fn quietly(run: &str) -> String {
    run.replacen("cargo run", "cargo run --quiet", 1)
}

/// Whether commands run the program as [`RUN`] has it.
fn holds_run(commands: &str) -> bool {
    commands.contains(RUN[0]) || commands.contains(&quietly(RUN[0]))
}

/// Whether `text` holds `wanted`, in which … stands for anything on its line.
fn holds(text: &str, wanted: &str) -> bool {
    let starts = text.match_indices(wanted.split('…').next().unwrap_or_default()).map(|(start, _)| start);
    starts.into_iter().any(|start| {
        let mut rest = &text[start..];
        wanted.split('…').all(|part| match rest.find(part) {
            Some(place) if !rest[..place].contains('\n') => {
                rest = &rest[place + part.len()..];
                true
            }
            _ => false,
        })
    })
}

/// A copy of this checkout as somebody else would get it.
struct Checkout(PathBuf);

impl Checkout {
    /// Copies every file that git has or would take, and links what cargo has compiled of other people's crates.
    ///
    /// It always lies at the same place, so that a second run compiles little. What cargo may write into is no link.
    fn clean() -> Self {
        const COPY: &str = "mkdir -p \"$0\"\n\
            find \"$0\" -mindepth 1 -maxdepth 1 ! -name target -exec rm -rf {} +\n\
            git ls-files -z --cached --others --exclude-standard | tar -c --null -T - | tar -x -C \"$0\"\n\
            ln -s \"$PWD/.venv\" \"$0/.venv\"\n\
            if [ ! -d \"$0/target\" ]; then\n\
            mkdir -p \"$0/target/debug\"\n\
            cp -a \"$1/.fingerprint\" \"$1/build\" \"$0/target/debug/\"\n\
            cp -al \"$1/deps\" \"$0/target/debug/\"\n\
            find \"$0/target/debug/deps\" -name '*bellhop*' -delete\n\
            find \"$1/deps\" -name '*.d' ! -name '*bellhop*' -exec cp -a --remove-destination -t \"$0/target/debug/deps\" {} +\n\
            fi";
        let place = programs().parent().expect("a profile lies in the target folder").join("readme");
        let mut bash = Command::new("bash");
        bash.args(["-e", "-o", "pipefail", "-c", COPY]).arg(&place).arg(programs()).current_dir(workspace());
        assert!(bash.status().expect("bash runs").success(), "the tests run in a git checkout");
        Self(place)
    }

    /// Opens a terminal and gives it these commands.
    fn terminal(&self, commands: &str) -> Terminal {
        let name = tempfile::Builder::new().prefix("terminal-").tempdir().expect("a folder can be made");
        let (script, out) = (name.path().join("script"), name.path().join("out"));
        let commands = commands.replace(RUN[0], RUN[1]).replace(&quietly(RUN[0]), &quietly(RUN[1]));
        std::fs::write(&script, commands).expect("a script can be written");
        let log = File::create(&out).expect("a log can be made");
        let mut bash = Command::new("bash");
        bash.args(["-e", "-O", "expand_aliases"]).arg(&script).current_dir(&self.0);
        // What cargo and nextest tell their tests is not what a reader has in a shell.
        for (variable, _) in std::env::vars() {
            let tells = ["CARGO_", "NEXTEST", "RUST"].iter().any(|prefix| variable.starts_with(prefix));
            if tells && !["CARGO_HOME", "CARGO_INCREMENTAL", "RUSTUP_HOME"].contains(&variable.as_str()) {
                bash.env_remove(variable);
            }
        }
        bash.env("PROFILE", "dev").stdin(Stdio::null()).process_group(0);
        bash.stderr(log.try_clone().expect("a log can be shared")).stdout(log);
        Terminal { shell: bash.spawn().expect("bash runs"), out, _folder: name }
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let down = Command::new("make").arg("local-down").current_dir(&self.0).output();
        down.expect("make runs");
    }
}

/// A terminal in which commands run; it is closed when dropped.
struct Terminal {
    shell: Child,
    out: PathBuf,
    _folder: TempDir,
}

impl Terminal {
    /// Everything that is to be seen.
    fn text(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(Path::new(&self.out)).unwrap_or_default()).into_owned()
    }

    /// Waits until this shows.
    fn shows(&mut self, wanted: &str) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = self.shell.try_wait().expect("a child can be waited for");
            let text = self.text();
            if holds(&text, wanted) {
                return;
            }
            let more = ended.is_none() && Instant::now() < deadline;
            assert!(more, "{wanted:?} does not show ({ended:?}):\n{text}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for the end of the commands.
    fn end(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.shell.try_wait().expect("a child can be waited for") {
                return status;
            }
            assert!(Instant::now() < deadline, "no end within {PATIENCE:?}:\n{}", self.text());
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.shell);
        for (signal, patience) in [(Signal::INT, 100), (Signal::TERM, 50), (Signal::KILL, 0)] {
            kill_process_group(group, signal).ok();
            for _ in 0..patience {
                if self.shell.try_wait().is_ok_and(|end| end.is_some()) {
                    break;
                }
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        self.shell.wait().ok();
    }
}

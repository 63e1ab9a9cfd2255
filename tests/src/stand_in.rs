//! Programs that stand in for AWS on this machine.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::build::workspace;
use crate::stack::run_python;

const READY_WITHIN: Duration = Duration::from_secs(60);

/// The region that tests name.
pub const REGION: &str = "eu-central-1";

/// Which program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// MiniStack, which checks signatures.
    MiniStack,
    /// Moto's server.
    Moto,
}

/// A stand-in that runs until it is dropped.
#[derive(Debug)]
pub struct StandIn {
    child: Child,
    folder: PathBuf,
    endpoint: String,
}

impl StandIn {
    /// Starts one on a free port and waits until it listens.
    pub fn start(kind: Kind) -> Self {
        let port = free_port();
        let folder = std::env::temp_dir().join(format!("bellhop-aws-{}-{port}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder can be made");
        let programs = workspace().join(".venv/bin");
        let endpoint = format!("http://127.0.0.1:{port}");
        let mut command = match kind {
            Kind::MiniStack => Command::new(programs.join("ministack")),
            Kind::Moto => Command::new(programs.join("moto_server")),
        };
        if kind == Kind::Moto {
            command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        }
        let variables = [
            ("GATEWAY_PORT", port.to_string()),
            ("BIND_HOST", "127.0.0.1".to_owned()),
            ("AWS_ENDPOINT_URL", endpoint.clone()),
            // It checks signatures then, those of our own calls too.
            ("AUTH", "true".to_owned()),
            ("IOT_MTLS_ENABLED", "0".to_owned()),
            ("SFTP_ENABLED", "0".to_owned()),
            ("TMPDIR", folder.display().to_string()),
            ("S3_DATA_DIR", folder.join("s3").display().to_string()),
            ("STATE_DIR", folder.join("state").display().to_string()),
        ];
        let child = command.envs(variables).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let child = child.expect("the stand-in starts; `make test` puts it into .venv");
        let stand_in = Self { child, folder, endpoint };
        let deadline = Instant::now() + READY_WITHIN;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "{kind:?} does not listen");
            std::thread::sleep(Duration::from_millis(50));
        }
        stand_in
    }

    /// Where it is.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Runs Python with `aws(service)` at hand and returns what it prints; `arguments` are `sys.argv[1:]`.
    pub fn python(&self, script: &str, arguments: &[&str]) -> String {
        run_python(&self.endpoint, REGION, script, arguments)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A port nobody listens on.
fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("some port is free");
    probe.local_addr().expect("it has an address").port()
}

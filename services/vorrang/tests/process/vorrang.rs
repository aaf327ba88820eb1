//! Running the binary.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use vorrang_client::Client;
use vorrang_testkit::Process;

/// The binary with a data folder and free ports, and none of the settings of whoever runs the tests.
pub fn command(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_vorrang"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("VORRANG_") {
            command.env_remove(name);
        }
    }
    command
        .args(arguments)
        .env("VORRANG_DATA_DIR", data)
        .env("VORRANG_LISTEN", "127.0.0.1:0")
        .env("VORRANG_ADMIN_LISTEN", "127.0.0.1:0")
        .env("VORRANG_LOG", "warn")
        .stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn run(data: &Path, arguments: &[&str]) -> Output {
    command(data, arguments).output().expect("the binary starts")
}

/// What a command printed, when it went well.
pub fn printed(data: &Path, arguments: &[&str]) -> String {
    let output = run(data, arguments);
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).expect("text")
}

/// `vorrang up` as a child process.
pub struct Up {
    process: Process,
    pub url: String,
}

impl Up {
    /// Returns when it says that it is ready.
    pub fn start(data: &Path) -> Self {
        let mut process = Process::start(command(data, &["up"]).stdout(Stdio::null()).stderr(Stdio::piped()));
        let mut errors = BufReader::new(process.child().stderr.take().expect("is piped"));
        let mut said = String::new();
        let url = loop {
            let start = said.len();
            let length = errors.read_line(&mut said).expect("is readable");
            assert!(length > 0, "ended before it was ready: {said}");
            if let Some(url) = said[start..].trim().strip_prefix("vorrang: ready on ") {
                break url.to_owned();
            }
        };
        // What it logs from here on must not fill the pipe.
        std::thread::spawn(move || errors.read_to_end(&mut Vec::new()));
        Self { process, url }
    }

    /// `kill -9`.
    pub fn kill(self) {
        self.process.kill();
    }

    /// SIGTERM, and its exit code.
    pub fn stop(mut self) -> Option<i32> {
        self.process.signal("TERM");
        self.process.child().wait().expect("ends").code()
    }

    /// A client with a new key that may do everything.
    pub async fn client(&self, data: &Path) -> Client {
        let key = printed(
            data,
            &[
                "key", "create", "--tenant", "acme", "--scope", "admin", "--label", "test",
            ],
        );
        Client::connect(&self.url, key.trim()).await.expect("connects")
    }
}

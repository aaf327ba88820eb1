//! A child process that never outlives the test, even when the test itself is killed.

use std::process::{Child, Command, Stdio};

/// A running program. Killed with `kill -9` when the value is dropped or the test process dies.
pub struct Process {
    child: Child,
    /// A shell that waits for the end of its input. The kernel closes that pipe when the test process dies,
    /// however it dies, and the shell then kills the child.
    tether: Child,
}

impl Process {
    /// Starts `command`.
    ///
    /// # Panics
    /// When the program cannot be started.
    pub fn start(command: &mut Command) -> Self {
        let child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} must be startable: {error}", command.get_program().display()));
        let tether = Command::new("sh")
            .args(["-c", "read -r _; kill -9 \"$1\"", "tether", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh must be startable");
        Self { child, tether }
    }

    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The child itself, for its pipes and its exit status.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Ends it with `kill -9`.
    pub fn kill(self) {
        drop(self);
    }

    /// Sends a signal by name (`TERM`, `STOP`).
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$1\" \"$2\"", "signal", name, &self.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "SIG{name} must be sendable");
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // The tether first: its process id must not be anybody else's when it acts.
        let _ = self.tether.kill();
        let _ = self.tether.wait();
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

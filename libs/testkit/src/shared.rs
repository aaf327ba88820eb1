//! One server per machine and user, shared by all test processes.
//!
//! nextest runs a process per test, so nothing in memory is shared: lock files are. A user holds a shared
//! lock for its whole life; `reap.sh` stops the server when no such lock was held for a minute.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Proof that this process uses the server. Kept until the process ends.
pub(crate) struct Lease {
    /// Where the server keeps what it has; removed with it.
    pub folder: PathBuf,
    lock_path: PathBuf,
    _in_use: File,
}

impl Lease {
    /// Announces that this process uses the server called `name`.
    pub(crate) async fn take(name: &'static str) -> Self {
        blocking(move || {
            let root = root_folder();
            let lock_path = root.join(format!("{name}.users"));
            let in_use = open(&lock_path);
            in_use.lock_shared().expect("the lock of the shared server");
            Self {
                folder: root.join(name),
                lock_path,
                _in_use: in_use,
            }
        })
        .await
    }

    /// Lets one process at a time look for the server and start it. Held until the value is dropped.
    pub(crate) async fn lock_start(&self) -> File {
        let path = self.folder.with_extension("start");
        blocking(move || {
            let file = open(&path);
            file.lock().expect("the start lock of the shared server");
            file
        })
        .await
    }

    /// Sees to it that the server ends when nobody uses it any more.
    pub(crate) fn reap_later(&self, pid: u32, signal: &str) {
        start_to_stay(
            Command::new("sh")
                .args(["-c", include_str!("reap.sh"), "reap"])
                .arg(&self.lock_path)
                .arg(pid.to_string())
                .arg(signal)
                .arg(&self.folder)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                // A group of its own: Ctrl-C in the terminal of the tests must not end it before its work is done.
                .process_group(0),
        );
    }
}

/// Starts what outlives this process on purpose; gives its process id.
pub(crate) fn start_to_stay(command: &mut Command) -> u32 {
    command.spawn().expect("the program must be startable").id()
}

/// The folder of this user. The name carries the user, since root and others share the machine's temporary folder.
fn root_folder() -> PathBuf {
    let root = std::env::temp_dir().join(format!("vorrang-testkit-{}", user_id()));
    std::fs::create_dir_all(&root).expect("the temporary folder must be writable");
    // The postgres user must be able to pass through when root runs the tests.
    std::fs::set_permissions(&root, std::fs::Permissions::from_mode(0o755))
        .expect("the folder of the test servers must be ours");
    root
}

/// Who runs the tests; 0 is root.
pub(crate) fn user_id() -> u32 {
    std::fs::metadata("/proc/self").map_or(0, |metadata| metadata.uid())
}

fn open(path: &Path) -> File {
    OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(path)
        .expect("lock files must be writable")
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work)
        .await
        .expect("the lock is waited for on a thread")
}

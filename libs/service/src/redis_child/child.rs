//! Starting `redis-server` so that it ends with us, and talking to it.
#![expect(
    unsafe_code,
    reason = "only prctl can tie a child's life to ours; it must be called between fork and exec"
)]

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const PROGRAM: &str = "redis-server";
const ANSWER_TIMEOUT: Duration = Duration::from_secs(1);

/// Starts a server with its data in `folder`, listening on `socket` only. It gets SIGKILL when the calling thread ends, and
/// holds `lock` open, so that the lock lasts as long as one of us lives.
pub(super) fn spawn(folder: &Path, socket: &Path, lock: &File) -> io::Result<Child> {
    let parent = std::process::id();
    let lock = lock.as_raw_fd();
    let mut command = Command::new(PROGRAM);
    command
        .arg("--dir")
        .arg(folder)
        .arg("--unixsocket")
        .arg(socket)
        .args([
            "--unixsocketperm",
            "700",
            "--port",
            "0",
            "--daemonize",
            "no",
            "--pidfile",
            "",
        ])
        // Whatever was answered survives our death (it is in the kernel by then) and at most a second of it a power cut;
        // what is lost comes back from the feed.
        .args(["--appendonly", "yes", "--appendfsync", "everysec", "--save", ""])
        .args(["--maxmemory-policy", "noeviction", "--logfile", "redis.log"])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // A Ctrl-C at the terminal is for us: we still need Redis while we stop.
        .process_group(0);
    let before_exec = move || {
        // SAFETY: these are system calls without memory arguments; all are allowed between fork and exec.
        unsafe {
            if libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) != 0 || libc::fcntl(lock, libc::F_SETFD, 0) == -1 {
                return Err(io::Error::last_os_error());
            }
            // Had the parent died before prctl, nobody would tell us.
            if u32::try_from(libc::getppid()) != Ok(parent) {
                return Err(io::Error::from_raw_os_error(libc::ESRCH));
            }
        }
        Ok(())
    };
    // SAFETY: the closure only makes system calls; it neither allocates nor takes locks.
    unsafe { command.pre_exec(before_exec) };
    command.spawn()
}

/// Whether the server answers commands; false while it is loading.
pub(super) fn answers(socket: &Path) -> bool {
    let mut answer = [0; 5];
    let asked = connect(socket).and_then(|mut stream| {
        stream.write_all(b"PING\r\n")?;
        stream.read_exact(&mut answer)
    });
    asked.is_ok() && &answer == b"+PONG"
}

/// Asks the server to write everything and end.
pub(super) fn ask_to_end(socket: &Path) -> io::Result<()> {
    connect(socket)?.write_all(b"SHUTDOWN\r\n")
}

fn connect(socket: &Path) -> io::Result<UnixStream> {
    let stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(ANSWER_TIMEOUT))?;
    stream.set_write_timeout(Some(ANSWER_TIMEOUT))?;
    Ok(stream)
}

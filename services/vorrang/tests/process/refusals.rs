//! Starts that cannot work: one clear line each, exit code 1.

use std::net::TcpListener;
use std::process::{Command, Stdio};

use vorrang_testkit::{DEADLINE, Process, data_folder, run, wait_for};

use crate::vorrang::command;

/// Runs `command`, which must fail, and gives the one line it says.
#[track_caller]
fn refused(command: &mut Command) -> String {
    let errors = data_folder();
    let log = errors.path().join("errors");
    let file = std::fs::File::create(&log).expect("writes");
    let mut process = Process::start(command.stdout(Stdio::null()).stderr(file));
    // A start that works after all would run for ever: the test must end then too.
    let status = run(wait_for(DEADLINE, "the start to be refused", || {
        let ended = process.child().try_wait().expect("is a child");
        async move { ended }
    }));
    let said = std::fs::read_to_string(&log).expect("text");
    assert_eq!(Some(1), status.code(), "{said}");
    let lines: Vec<&str> = said.lines().filter(|line| line.starts_with("vorrang: ")).collect();
    assert_eq!(1, lines.len(), "one line: {said}");
    lines[0].to_owned()
}

#[test]
fn a_port_that_is_taken() {
    let data = data_folder();
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("an address").to_string();
    let line = refused(command(data.path(), &["up"]).env("VORRANG_LISTEN", &address));
    assert!(line.contains(&address) && line.contains("listen"), "{line}");
}

#[test]
fn no_redis_server() {
    let data = data_folder();
    let line = refused(command(data.path(), &["up"]).env("PATH", data.path()));
    assert!(
        line.contains("redis-server") && line.contains("apt-get install"),
        "{line}"
    );
}

#[test]
fn a_redis_that_cannot_be_reached_or_does_not_answer() {
    let data = data_folder();
    // It accepts connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let free = TcpListener::bind("127.0.0.1:0").expect("a free port");
    for listener in [Ok(silent), Err(free)] {
        // The free one is closed here: nobody listens there any more.
        let (address, _held) = match listener {
            Ok(silent) => (silent.local_addr(), Some(silent)),
            Err(free) => (free.local_addr(), None),
        };
        let address = address.expect("an address").to_string();
        let url = format!("redis://me:geheim@{address}/0");
        let line = refused(command(data.path(), &["up"]).env("VORRANG_REDIS__URL", url));
        assert!(line.contains("Redis") && line.contains(&address), "{line}");
        assert!(!line.contains("geheim"), "{line}");
    }
}

#[test]
fn a_database_that_cannot_be_reached() {
    let data = data_folder();
    // A port that was free a moment ago: nobody listens there.
    let port = TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port();
    let url = format!("postgres://vorrang:geheim@127.0.0.1:{port}/tickets");
    let line = refused(command(data.path(), &["up"]).env("VORRANG_TICKETING__DATABASE_URL", url));
    assert!(line.contains("127.0.0.1") && !line.contains("geheim"), "{line}");
}

#[test]
fn an_unknown_setting() {
    let data = data_folder();
    let file = data.path().join("vorrang.toml");
    std::fs::write(&file, "[limits]\nmax_strems = 3\n").expect("writes");
    let line = refused(command(data.path(), &["up", "--config"]).arg(&file));
    assert!(line.contains("max_strems"), "{line}");
}

#[test]
fn a_folder_of_mails_that_is_not_there() {
    let data = data_folder();
    let line = refused(command(data.path(), &["demo", "--once", "--mail"]).arg(data.path().join("nowhere")));
    assert!(line.contains("nowhere"), "{line}");
}

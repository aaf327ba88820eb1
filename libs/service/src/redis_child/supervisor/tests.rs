use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;

use super::*;

/// Sends one inline command and gives the first line of the answer, and for a bulk answer the second.
fn ask(url: &str, command: &str) -> Option<String> {
    let path = url.strip_prefix("unix://").expect("a unix address");
    let mut stream = UnixStream::connect(path).ok()?;
    stream.write_all(format!("{command}\r\n").as_bytes()).ok()?;
    let mut answer = BufReader::new(stream);
    let mut line = String::new();
    answer.read_line(&mut line).ok()?;
    if line.starts_with('$') && !line.starts_with("$-1") {
        line.clear();
        answer.read_line(&mut line).ok()?;
    }
    Some(line.trim_end().to_owned())
}

fn wait(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1_500 {
        if holds() {
            return;
        }
        pause();
    }
    panic!("waited in vain for: {what}");
}

fn pid(url: &str) -> Option<String> {
    let path = url.strip_prefix("unix://").expect("a unix address");
    let mut stream = UnixStream::connect(path).ok()?;
    stream.write_all(b"INFO server\r\n").ok()?;
    let lines = BufReader::new(stream).lines().map_while(Result::ok);
    lines
        .take(40)
        .find_map(|line| line.strip_prefix("process_id:").map(str::to_owned))
}

#[test]
fn it_is_restarted_at_the_same_address_with_the_same_data_after_kill_9() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Supervisor::start(folder.path()).expect("it starts");
    let url = redis.url();
    assert_eq!(ask(&url, "CONFIG GET maxmemory-policy").as_deref(), Some("*2"));
    assert_eq!(ask(&url, "SET kept yes").as_deref(), Some("+OK"));
    let first = pid(&url).expect("it tells");
    let killed = std::process::Command::new("kill").args(["-9", &first]).status();
    assert!(killed.is_ok_and(|status| status.success()));
    wait("another process that answers", || {
        pid(&url).is_some_and(|pid| pid != first)
    });
    wait("the data", || ask(&url, "GET kept").as_deref() == Some("yes"));
}

#[test]
fn it_ends_when_dropped_and_keeps_its_data() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Supervisor::start(folder.path()).expect("it starts");
    assert_eq!(ask(&redis.url(), "SET kept yes").as_deref(), Some("+OK"));
    let url = redis.url();
    drop(redis);
    assert_eq!(ask(&url, "PING"), None, "it still answers");
    let again = Supervisor::start(folder.path()).expect("it starts again");
    assert_eq!(ask(&again.url(), "GET kept").as_deref(), Some("yes"));
}

const FOLDER_OF_HELPER: &str = "VORRANG_TEST_REDIS_FOLDER";

/// In a process that [`helper`] started: runs Redis until the test ends the process, or says why it cannot.
fn run_as_helper() -> bool {
    let Some(folder) = std::env::var_os(FOLDER_OF_HELPER) else {
        return false;
    };
    match Supervisor::start(Path::new(&folder)) {
        Ok(_redis) => {
            let mut end = String::new();
            std::io::stdin()
                .read_line(&mut end)
                .expect("the test holds the other end");
        }
        Err(error) => println!("{}", error.chain()),
    }
    true
}

/// A process that runs only `test`, which then must call [`run_as_helper`].
fn helper(test: &str, folder: &Path) -> std::process::Command {
    let mut helper = std::process::Command::new(std::env::current_exe().expect("this program"));
    helper
        .args([
            "--exact",
            &format!("redis_child::supervisor::tests::{test}"),
            "--nocapture",
        ])
        .env(FOLDER_OF_HELPER, folder)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped());
    helper
}

#[test]
fn a_missing_redis_server_names_the_fix_in_one_line() {
    if run_as_helper() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let output = helper("a_missing_redis_server_names_the_fix_in_one_line", folder.path())
        .env("PATH", folder.path())
        .output()
        .expect("it runs");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines: Vec<_> = text.lines().filter(|line| line.contains("redis-server")).collect();
    assert_eq!(lines.len(), 1, "{text}");
    assert!(lines[0].contains("apt-get install redis-server"), "{text}");
}

#[test]
fn it_dies_with_us_even_by_kill_9_and_the_next_process_goes_on() {
    if run_as_helper() {
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let mut us = helper(
        "it_dies_with_us_even_by_kill_9_and_the_next_process_goes_on",
        folder.path(),
    )
    .spawn()
    .expect("it runs");
    let url = format!("unix://{}", folder.path().join("redis.sock").display());
    wait("Redis of the helper", || {
        ask(&url, "SET kept yes").as_deref() == Some("+OK")
    });
    let other = Supervisor::start(folder.path())
        .err()
        .expect("one process uses a folder");
    assert!(other.message().contains("another process uses"), "{other}");
    us.kill().expect("killed");
    us.wait().expect("gone");
    wait("the end of Redis", || ask(&url, "PING").is_none());
    let next = Supervisor::start(folder.path()).expect("it starts");
    assert_eq!(ask(&next.url(), "GET kept").as_deref(), Some("yes"));
}

#[test]
fn it_is_in_the_policy_that_refuses_rather_than_forgets() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Supervisor::start(folder.path()).expect("it starts");
    let path = redis.url().replace("unix://", "");
    let mut stream = UnixStream::connect(path).expect("it listens");
    stream
        .write_all(b"CONFIG GET maxmemory-policy appendonly\r\n")
        .expect("sent");
    let lines: Vec<String> = BufReader::new(stream).lines().take(9).map_while(Result::ok).collect();
    assert!(lines.iter().any(|line| line == "noeviction"), "{lines:?}");
    assert!(lines.iter().any(|line| line == "yes"), "{lines:?}");
}

#[test]
fn a_damaged_file_is_put_aside() {
    let folder = tempfile::tempdir().expect("a folder");
    let redis = Supervisor::start(folder.path()).expect("it starts");
    assert_eq!(ask(&redis.url(), "SET kept yes").as_deref(), Some("+OK"));
    drop(redis);
    let files = fs::read_dir(folder.path().join("appendonlydir")).expect("there is one");
    for file in files
        .map_while(Result::ok)
        .filter(|file| file.path().extension().is_some_and(|end| end == "aof"))
    {
        fs::write(file.path(), b"*3\r\nnonsense\r\n*9\r\n").expect("written");
    }
    let again = Supervisor::start(folder.path()).expect("it starts all the same");
    assert_eq!(ask(&again.url(), "GET kept").as_deref(), Some("$-1"));
    let aside = fs::read_dir(folder.path()).expect("readable").map_while(Result::ok);
    assert_eq!(
        aside
            .filter(|entry| entry.file_name().to_string_lossy().starts_with("damaged-"))
            .count(),
        1
    );
}

#[test]
fn long_folders_get_a_short_socket() {
    let folder = tempfile::tempdir().expect("a folder");
    let long = folder.path().join("d".repeat(120));
    let redis = Supervisor::start(&long).expect("it starts");
    assert_eq!(ask(&redis.url(), "PING").as_deref(), Some("+PONG"));
}

#[test]
fn addresses_are_escaped() {
    let supervisor = Supervisor {
        socket: PathBuf::from("/a b/ü%/redis.sock"),
        stop: None,
        thread: None,
    };
    assert_eq!(supervisor.url(), "unix:///a%20b/%C3%BC%25/redis.sock");
}

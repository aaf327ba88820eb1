//! The wall: who may look at it, what it is told, and how it looks in a browser.

use std::path::{Path, PathBuf};
use std::process::Command;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use vorrang_identity::{NewKey, Scope, Scopes};

use super::*;

async fn key(stack: &Stack, scopes: &[Scope]) -> String {
    let new = NewKey {
        tenant: "acme".to_owned(),
        label: "wall".to_owned(),
        scopes: Scopes::of(scopes),
        expires_at: None,
    };
    stack.running.context().keys.create(new).await.expect("a key").1
}

/// The beginning of an answer, up to and with `until`.
async fn get(stack: &Stack, path: &str, key: Option<&str>, until: &str) -> String {
    let mut stream = TcpStream::connect(stack.running.addr()).await.expect("connects");
    let authorization = key.map_or_else(String::new, |key| format!("authorization: Bearer {key}\r\n"));
    let request = format!("GET {path} HTTP/1.1\r\nhost: wall\r\nconnection: close\r\n{authorization}\r\n");
    stream.write_all(request.as_bytes()).await.expect("is sent");
    let mut answer = Vec::new();
    let reading = async {
        let mut buffer = [0; 4_096];
        loop {
            let length = stream.read(&mut buffer).await.expect("is readable");
            answer.extend_from_slice(&buffer[..length]);
            let text = String::from_utf8_lossy(&answer).into_owned();
            if length == 0 || text.contains(until) {
                return text;
            }
        }
    };
    tokio::time::timeout(DEADLINE, reading).await.expect("in time")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_key_that_opens_nothing_else_shows_the_wall() {
    let owners = Owners::new().await;
    owners
        .ticketing("acme", vec![created("a", DAY + 60, Channel::Email)])
        .await;
    let stack = Stack::start(Some(&owners)).await;
    stack.latest("acme", ask(&["tickets_created"])).await;

    let page = get(&stack, "/wallboard", None, "</html>").await;
    assert!(page.starts_with("HTTP/1.1 200"), "{page}");
    let policy = page
        .lines()
        .find(|line| line.starts_with("content-security-policy:"))
        .expect("a policy");
    assert!(
        policy.contains("default-src 'none'") && policy.contains("script-src 'sha256-"),
        "{policy}"
    );

    let read = key(&stack, &[Scope::KpisRead, Scope::QueueRead]).await;
    let events = get(&stack, "/wallboard/events?zone=Europe/Berlin", Some(&read), "\n\n").await;
    assert!(
        events.starts_with("HTTP/1.1 200") && events.contains("text/event-stream"),
        "{events}"
    );
    let told = get(&stack, "/wallboard/events", Some(&read), "\"queues\"").await;
    assert!(
        told.contains("event: board") && told.contains("\"tickets_created\""),
        "{told}"
    );

    let admin = key(&stack, &[Scope::Admin]).await;
    let writes = key(&stack, &[Scope::KpisRead, Scope::TicketsWrite]).await;
    let queues = key(&stack, &[Scope::QueueRead]).await;
    for (key, status, reason) in [
        (None, "401", "CREDENTIAL_INVALID"),
        (Some("vk_aaaaaaaa_bbbbbbbb"), "401", "\"reason\""),
        (Some(admin.as_str()), "403", "\"reason\""),
        (Some(writes.as_str()), "403", "KEY_TOO_STRONG"),
        (Some(queues.as_str()), "403", "SCOPE_MISSING"),
    ] {
        let answer = get(&stack, "/wallboard/events", key, "}}").await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")) && answer.contains(reason),
            "{answer}"
        );
    }
    let wrong = get(&stack, "/wallboard/events?zone=Mars", Some(&read), "}}").await;
    assert!(
        wrong.starts_with("HTTP/1.1 400") && wrong.contains("\"zone\""),
        "{wrong}"
    );
    stack.running.shutdown().await;
}

/// Chromium, when there is one.
fn browser() -> Option<PathBuf> {
    let named = std::env::var_os("VORRANG_CHROMIUM").map(PathBuf::from);
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let usual = usual.iter().map(PathBuf::from).find(|path| path.exists());
    named.or(usual)
}

/// The page as it stands after a while, with a picture of it.
fn browse(browser: &Path, profile: &Path, url: &str, picture: &Path) -> String {
    let output = Command::new(browser)
        .args(["--headless=new", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"])
        .args([
            "--window-size=1920,1080",
            "--virtual-time-budget=5000",
            "--dump-dom",
            url,
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(format!("--screenshot={}", picture.display()))
        .output()
        .expect("the browser starts");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_wall_is_live_in_a_browser_in_both_languages() {
    let Some(browser) = browser() else {
        eprintln!("skipped: no Chromium (install the package chromium, or set VORRANG_CHROMIUM to a browser)");
        return;
    };
    let owners = Owners::new().await;
    let now = vorrang_clock::system().now().timestamp();
    let mut events = Vec::new();
    for number in 0..40_i64 {
        let name = number.to_string();
        let at = now - 9 * 86_400 + number * 19_000;
        events.push(created(&name, at, Channel::Chat));
        if number % 4 != 0 {
            events.push(solved(&name, at + 900));
        }
    }
    events.push(created("new", now - 1, Channel::Chat));
    owners.ticketing("acme", events).await;
    let stack = Stack::start(Some(&owners)).await;
    stack.latest("acme", ask(&["tickets_created"])).await;
    let key = key(&stack, &[Scope::KpisRead, Scope::QueueRead]).await;

    let profile = data_folder();
    let kept = Path::new(env!("CARGO_TARGET_TMPDIR")).join("wallboard");
    std::fs::create_dir_all(&kept).expect("a folder");
    for (language, open, live) in [("en", "Open now", ">live<"), ("de", "Jetzt offen", ">aktuell<")] {
        let url = format!(
            "http://{}/wallboard#key={key}&lang={language}&zone=Europe/Berlin",
            stack.running.addr()
        );
        let picture = kept.join(format!("{language}.png"));
        let _ = std::fs::remove_file(&picture);
        // Its own time runs faster than the first event comes: it is looked at until that is in.
        wait_until(DEADLINE, "the wall to be live", || async {
            let (browser, profile, url) = (browser.clone(), profile.path().to_owned(), url.clone());
            let picture = picture.clone();
            let looked = tokio::task::spawn_blocking(move || browse(&browser, &profile, &url, &picture));
            let page = looked.await.expect("a page");
            // What the script has put there, beside the script's own words.
            let (shown, _) = page.split_once("<script>").expect("the page");
            shown.contains(open) && shown.contains(live) && shown.contains("class=\"course\"")
        })
        .await;
        let size = std::fs::metadata(&picture).expect("a picture").len();
        assert!(size > 20_000, "{size} bytes");
    }
    stack.running.shutdown().await;
}

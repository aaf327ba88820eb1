//! What reading a mail costs in memory, by what the kernel saw: however a mail is made, less than 128 MiB. A program of its own, so
//! that nothing else needs memory meanwhile.

use vorrang_ingestion::mail;

/// Most that reading a mail may take at once, without the mail itself.
const MOST: usize = 128 << 20;

/// What the kernel says of this process, in bytes.
fn memory(field: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with(field)).expect("a field");
    let kib = line
        .split_whitespace()
        .nth(1)
        .and_then(|word| word.parse::<usize>().ok());
    kib.expect("a number") << 10
}

fn mail(head: &str, body: &str, times: usize) -> Vec<u8> {
    format!(
        "From: a@x.example\r\nSubject: X5\r\n{head}\r\n\r\n{}",
        body.repeat(times)
    )
    .into_bytes()
}

#[test]
fn no_mail_costs_more_memory_than_its_bound() {
    let multipart = "Content-Type: multipart/mixed; boundary=b";
    let attached = "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64";
    let line = format!("{}\r\n", "QUJD".repeat(19));
    let words = format!("{}\r\n", "Wort ".repeat(15));
    let full = (25 << 20) - 1_024;
    let cases = [
        (
            "depth 1,000",
            mail(
                multipart,
                "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
                1_000,
            ),
        ),
        (
            "mails in mails",
            mail(
                "Content-Type: message/rfc822",
                "Content-Type: message/rfc822\r\n\r\n",
                1_000,
            ),
        ),
        (
            "100,000 parts",
            mail(multipart, "--b\r\nContent-Type: image/png\r\n\r\nx\r\n", 100_000),
        ),
        (
            "a header of 1 MB",
            mail(&format!("X-Long: {}", "x".repeat(1 << 20)), "x", 1),
        ),
        ("100,000 headers", mail(&"X: y\r\n".repeat(100_000), "x", 1)),
        ("two From", mail("From: b@x.example", "x", 1)),
        ("the largest file", mail(attached, &line, full / line.len())),
        ("the largest text", mail("X: y", &words, full / words.len())),
        (
            "a signature of brackets",
            mail("Content-Type: text/html", "<div>", 1 << 20),
        ),
    ];
    for (what, raw) in cases {
        // The peak begins anew; where that is not allowed, that of the mails before counts too.
        let _ = std::fs::write("/proc/self/clear_refs", "5");
        let before = memory("VmRSS:");
        let read = mail::read(&raw).expect("a mail");
        let cost = memory("VmHWM:").saturating_sub(before);
        assert!(cost < MOST, "{what}: {} MiB", cost >> 20);
        assert_eq!(read.subject, "X5", "{what}");
        assert_eq!(read.from.address, "a@x.example", "{what}");
    }
}

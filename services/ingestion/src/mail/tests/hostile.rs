//! Mails that are made to cost, and those that nobody should send: each is read, quickly.

use super::*;

#[test]
fn deep_nesting_costs_nothing() {
    let mut raw = b"From: a@example.org\r\nSubject: deep\r\n".to_vec();
    for _ in 0..20_000 {
        raw.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
    }
    let mail = fixture(&raw);
    assert_eq!(mail.subject, "deep");
}

#[test]
fn many_parts_are_read() {
    let mut raw = b"From: a@example.org\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec();
    for _ in 0..100_000 {
        raw.extend_from_slice(b"--b\r\nContent-Type: image/png\r\n\r\nx\r\n");
    }
    raw.extend_from_slice(b"--b--\r\n");
    let mail = fixture(&raw);
    assert!(!mail.attachments.is_empty());
}

/// Mails made to cost: each takes well below a second, in a debug build.
#[test]
fn hostile_mails_cost_little() {
    let head = "From: a@example.org\r\nSubject: hostile\r\n";
    let repeated = |header: &str, body: &str, times: usize| format!("{head}{header}\r\n\r\n{}", body.repeat(times));
    let numbered = |count: usize, line: &dyn Fn(usize) -> String| (0..count).map(line).collect::<String>();
    let html = "Content-Type: text/html";
    let mails = [
        repeated(
            "Content-Type: multipart/mixed; boundary=b",
            "--b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n",
            20_000,
        ),
        // A boundary that never comes, over and over.
        format!(
            "{head}Content-Type: multipart/mixed; boundary=b\r\n\r\n{}",
            numbered(20_000, &|n| format!(
                "--b\r\nContent-Type: multipart/mixed; boundary=z{n}\r\n\r\nx\r\n"
            ))
        ),
        format!(
            "{head}References: {}\r\n\r\nx",
            numbered(50_000, &|n| format!("<{n}@x> "))
        ),
        repeated(html, "<style>", 100_000),
        repeated(html, "<!--", 100_000),
        repeated(html, "<a href=\"", 50_000),
        repeated(html, "&", 200_000),
        repeated(html, "<", 100_000),
        repeated("X: y", ">", 500_000),
        repeated("X: y", "On 1 x@y\r\n", 20_000),
    ];
    for mail in mails {
        assert_eq!(fixture(mail.as_bytes()).subject, "hostile");
    }
}

/// What the parser would have to search for ever, wrapped so that it is not seen from outside.
#[test]
fn what_is_hostile_inside_a_wrapping_costs_little() {
    use base64::Engine as _;
    let inner: String = (0..60_000)
        .map(|n| format!("--b\r\nContent-Type: multipart/mixed; boundary=z{n}\r\n\r\nx\r\n"))
        .collect();
    let inner = format!("Content-Type: multipart/mixed; boundary=b\r\n\r\n{inner}");
    let encoded = base64::engine::general_purpose::STANDARD.encode(&inner);
    let lines: Vec<&str> = (0..encoded.len())
        .step_by(76)
        .map(|at| &encoded[at..encoded.len().min(at + 76)])
        .collect();
    for (outer, part) in [
        (
            "mixed",
            "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n",
        ),
        (
            "mixed",
            "Content-Transfer-Encoding: base64\r\nContent-Type: message/global\r\n",
        ),
        ("digest", "Content-Transfer-Encoding: base64\r\n"),
    ] {
        let mail = fixture(
            format!(
                "From: a@x.example\r\nSubject: hostile\r\nContent-Type: multipart/{outer}; boundary=o\r\n\r\n--o\r\n{part}\r\n{}\r\n--o--\r\n",
                lines.join("\r\n")
            )
            .as_bytes(),
        );
        assert_eq!(
            (mail.subject.as_str(), mail.attachments.len()),
            ("hostile", 1),
            "{part}"
        );
        assert_eq!(mail.attachments[0].bytes, inner.len() as u64);
    }
}

/// The list of bad mails that every reader must take.
#[test]
fn bad_mails_are_read() {
    let long = "x".repeat(1 << 20);
    let deep: String = (0..1_000)
        .map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n"))
        .collect();
    let cases: [(&str, Vec<u8>, &str); 9] = [
        ("no From", b"Subject: Hi\r\n\r\nHallo".to_vec(), "Hallo"),
        (
            "two From",
            b"From: a@x.example\r\nFrom: b@x.example\r\n\r\nHallo".to_vec(),
            "Hallo",
        ),
        (
            "1 MB header",
            format!("From: a@x.example\r\nX-Long: {long}\r\nSubject: {long}\r\n\r\nHallo").into(),
            "Hallo",
        ),
        (
            "a charset that does not exist",
            b"From: a@x.example\r\nContent-Type: text/plain; charset=x-klingon\r\n\r\nGr\xfc\xdfe".to_vec(),
            "Grüße",
        ),
        (
            "a wrong charset",
            b"From: a@x.example\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nGr\xfc\xdfe".to_vec(),
            "Grüße",
        ),
        (
            "NUL",
            b"From: a@x.example\r\nSubject: a\0b\r\n\r\nHal\0lo".to_vec(),
            "Hallo",
        ),
        (
            "marks of direction",
            "From: a@x.example\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\u{202e}olleH\u{202c}".into(),
            "\u{202e}olleH\u{202c}",
        ),
        (
            "raw 8-bit headers",
            b"From: J\xfcrgen <j@x.example>\r\nSubject: Gr\xfc\xdfe\r\n\r\nHallo".to_vec(),
            "Hallo",
        ),
        (
            "depth 1,000",
            format!("From: a@x.example\r\n{deep}Content-Type: text/plain\r\n\r\nHallo\r\n").into(),
            "Hallo",
        ),
    ];
    for (what, raw, text) in cases {
        let mail = fixture(&raw);
        assert!(
            mail.text.contains(text),
            "{what}: {:?}",
            mail.text.chars().take(200).collect::<String>()
        );
    }
    let from = |raw: &[u8]| fixture(raw).from;
    assert_eq!(
        from(b"From: a@x.example\r\nFrom: b@x.example\r\n\r\nx").address,
        "a@x.example"
    );
    let eight_bit = fixture(b"From: J\xfcrgen <j@x.example>\r\nSubject: Gr\xfc\xdfe\r\n\r\nx");
    assert_eq!(
        (eight_bit.from.name.as_str(), eight_bit.subject.as_str()),
        ("Jürgen", "Grüße")
    );
    let utf_8 = fixture("From: Jürgen <j@x.example>\r\nSubject: Größe\r\n\r\nx".as_bytes());
    assert_eq!((utf_8.from.name.as_str(), utf_8.subject.as_str()), ("Jürgen", "Größe"));
}

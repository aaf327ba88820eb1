//! Real mails and payloads that nobody here wrote. They are not in the repository: `VORRANG_SAMPLES` names their folder
//! (`.ci/run` sets it); without it these tests say that they were skipped.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde_json::Value;
use vorrang_ingestion::mail::{self, Mail};
use vorrang_ingestion::presets::{Mapped, Payload, Preset, Presets, map};

fn samples(folder: &str) -> Option<PathBuf> {
    match std::env::var_os("VORRANG_SAMPLES") {
        Some(root) if !root.is_empty() => {
            let folder = Path::new(&root).join(folder);
            assert!(
                folder.is_dir(),
                "{} is not there, though VORRANG_SAMPLES is set",
                folder.display()
            );
            Some(folder)
        }
        _ => {
            // To the terminal itself: the test harness keeps what `eprintln!` writes when a test passes.
            let _ = writeln!(
                std::io::stderr(),
                "skipped: VORRANG_SAMPLES is not set, so {folder} was not read"
            );
            None
        }
    }
}

fn read_payload(preset: &Preset, body: &[u8]) -> Result<Mapped, vorrang_ingestion::presets::NotUnderstood> {
    let mails = vorrang_ingestion::mails::Mails::new(&[]);
    let payload = Payload {
        tenant: "acme",
        mails: &mails,
        source: "sources/s",
        content_type: "application/json",
        body,
        now: vorrang_clock::system().now(),
    };
    map(preset, &payload)
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn text<'a>(expected: &'a Value, key: &str) -> &'a str {
    expected.get(key).and_then(Value::as_str).unwrap_or_default()
}

/// The oracle was written by Python, which keeps bytes that are no UTF-8 as lone surrogates (`\udcc3`). They are not legal
/// JSON; decoded back to the bytes they stand for they are the UTF-8 that was in the mail.
fn read_oracle(folder: &Path) -> Value {
    let json = std::fs::read_to_string(folder.join("oracle_python_email.json")).expect("the oracle");
    let mut bytes = Vec::with_capacity(json.len());
    let mut rest = json.as_str();
    while let Some(at) = rest.find("\\udc") {
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        let code = rest
            .get(at + 4..at + 6)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        // A low surrogate right after a high one is an ordinary character beyond U+FFFF.
        let paired = rest[..at].ends_with(|c: char| c.is_ascii_hexdigit()) && rest[..at].len() >= 6 && {
            let before = &rest.as_bytes()[at - 6..at];
            before.starts_with(b"\\ud8")
                || before.starts_with(b"\\ud9")
                || before.starts_with(b"\\uda")
                || before.starts_with(b"\\udb")
        };
        match code {
            Some(byte) if byte >= 0x80 && !paired => bytes.push(byte),
            _ => bytes.extend_from_slice(&rest.as_bytes()[at..at + 6]),
        }
        rest = &rest[at + 6..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    serde_json::from_str(&String::from_utf8_lossy(&bytes)).expect("JSON")
}

#[test]
fn subjects_and_senders_equal_those_python_reads() {
    // What remains different, and why. Everything else must be equal, so a new difference fails the test.
    const KNOWN: [(&str, &str); 4] = [
        // `From: <> (Mail Delivery System)`: the null sender. Python gives the literal `<>` as the address; ours is empty,
        // since nothing can be sent to it.
        ("mail-chatwoot", "mail/bounced_with_no_from.eml"),
        // A subject in raw Windows-1252: Python puts replacement characters, we read the letters.
        ("mail-ruby-mail", "mail/error_emails/invalid_subject_characters.eml"),
        // A stray text line stands before the headers. Python stops there and sees no header at all; we read the headers
        // that follow, as mail programs do, so that subject and sender are not lost.
        ("mail-ruby-mail", "mail/plain_emails/raw_email_incorrect_header.eml"),
        // Headers in the obsolete form `From : …` with a space before the colon (RFC 5322 §4.5). Python takes the first
        // for the mbox line and stops; we read them.
        ("mail-ruby-mail", "mail/rfc2822/example13.eml"),
    ];
    let mut total = 0;
    let mut different = Vec::new();
    for set in ["mail-chatwoot", "mail-ruby-mail"] {
        let Some(folder) = samples(set) else { return };
        let oracle = read_oracle(&folder);
        for (file, expected) in oracle.as_object().expect("an object") {
            total += 1;
            let raw = std::fs::read(folder.join(file)).expect("the mail");
            let mail = mail::read(&raw).unwrap_or_else(|why| panic!("{set}/{file}: {why}"));
            let sender = expected["from_addresses"]
                .get(0)
                .and_then(Value::as_str)
                .unwrap_or_default();
            // White space is compared folded: Python keeps the blanks at the end of a header line, we do not.
            if words(&mail.subject) != words(text(expected, "subject")) || mail.from.address != sender {
                different.push((set, file.clone()));
            }
        }
    }
    let different: Vec<(&str, &str)> = different.iter().map(|(set, file)| (*set, file.as_str())).collect();
    assert_eq!(different, KNOWN);
    let equal = total - different.len();
    assert!(total >= 140 && equal * 100 >= total * 97, "{equal} of {total}");
}

/// The text of mails with a plain part begins as Python's does.
#[test]
fn texts_begin_as_python_reads_them() {
    const KNOWN: [&str; 4] = [
        // 0x86 declared as ISO-8859-1: we read the Windows-1252 that was meant (†).
        "mail/error_emails/content_transfer_encoding_7-bit.eml",
        // Two Content-Type headers; Python takes the first (multipart), we the last and show the whole body as text.
        "mail/error_emails/multiple_content_types.eml",
        // As above: Python takes headers for text.
        "mail/plain_emails/raw_email_incorrect_header.eml",
        "mail/rfc2822/example13.eml",
    ];
    let mut different = Vec::new();
    for set in ["mail-chatwoot", "mail-ruby-mail"] {
        let Some(folder) = samples(set) else { return };
        for (file, expected) in read_oracle(&folder).as_object().expect("an object") {
            if text(expected, "body_type") != "text/plain" {
                continue;
            }
            let mail = mail::read(&std::fs::read(folder.join(file)).expect("the mail")).expect("a mail");
            let start: String = words(text(expected, "body_start")).chars().take(60).collect();
            if !words(&mail.text).starts_with(start.trim_end()) {
                different.push(file.clone());
            }
        }
    }
    assert_eq!(different, KNOWN);
}

#[test]
fn no_attachment_with_a_name_is_missed() {
    for set in ["mail-chatwoot", "mail-ruby-mail"] {
        let Some(folder) = samples(set) else { return };
        for (file, expected) in read_oracle(&folder).as_object().expect("an object") {
            let mail = mail::read(&std::fs::read(folder.join(file)).expect("the mail")).expect("a mail");
            for attachment in expected["attachments"].as_array().expect("a list") {
                let name = text(attachment, "name");
                assert!(
                    // Python ends an unquoted name at its first blank.
                    name.is_empty() || mail.attachments.iter().any(|ours| ours.name.starts_with(name)),
                    "{file}: {name} is missing from {:?}",
                    mail.attachments
                );
            }
        }
    }
}

#[test]
fn delivery_reports_and_absence_notes_are_automated() {
    let Some(folder) = samples("mail-ruby-mail/mail/multipart_report_emails") else {
        return;
    };
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        let mail = read(&path);
        assert_eq!(
            mail.automated.map(|reason| reason.as_str()),
            Some("bounce"),
            "{}",
            path.display()
        );
    }
    let Some(folder) = samples("mail-chatwoot/mail") else {
        return;
    };
    for (file, reason) in [
        ("auto_reply.eml", Some("auto-reply")),
        ("bounced_with_no_from.eml", Some("bounce")),
        ("reply.eml", None),
    ] {
        assert_eq!(
            read(&folder.join(file)).automated.map(|reason| reason.as_str()),
            reason,
            "{file}"
        );
    }
}

fn read(path: &Path) -> Mail {
    mail::read(&std::fs::read(path).expect("the mail")).expect("a mail")
}

/// The expectations come from another reply parser, in a dozen languages. It differs from ours by intent where answers stand
/// between quoted lines: it names only the first piece, we show all that the customer wrote.
#[test]
fn replies_are_split_as_another_parser_does() {
    let Some(folder) = samples("reply-parser") else { return };
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("crisp_expected.json")).expect("the expectations"))
            .expect("JSON");
    let (mut equal, mut total, mut german) = (0_u32, 0_u32, 0);
    let mut different = Vec::new();
    for (file, expected) in expected.as_object().expect("an object") {
        let wanted = match (text(expected, "first_fragment"), text(expected, "visible_text")) {
            ("", "") => continue,
            ("", visible) => visible,
            (first, _) => first,
        };
        let body = String::from_utf8_lossy(&std::fs::read(folder.join("crisp").join(file)).expect("the text"))
            .replace("\r\n", "\n");
        total += 1;
        let split = mail::split(&body);
        assert!(nothing_is_lost(&body, &split), "{file}");
        if words(&split.reply) == words(wanted) {
            equal += 1;
            german += usize::from(file.contains("german"));
        } else {
            different.push(file.as_str());
        }
    }
    let share = f64::from(equal) / f64::from(total);
    println!(
        "replies: {equal} of {total} ({:.0} %) as expected; not {different:?}",
        share * 100.0
    );
    assert_eq!(german, 4, "all German texts");
    assert!(share >= 0.90, "{equal} of {total}; not {different:?}");
}

/// Every line of every sample is in one of the two halves, and no mail loses its reply.
#[test]
fn no_line_of_a_reply_is_lost() {
    for set in ["crisp", "github", "mail-parser-reply"] {
        let Some(folder) = samples("reply-parser") else { return };
        for entry in std::fs::read_dir(folder.join(set)).expect("the folder") {
            let path = entry.expect("an entry").path();
            let body = String::from_utf8_lossy(&std::fs::read(&path).expect("the text")).replace("\r\n", "\n");
            let split = mail::split(&body);
            assert!(nothing_is_lost(&body, &split), "{}", path.display());
            assert_eq!(split.reply.is_empty(), body.trim().is_empty(), "{}", path.display());
        }
    }
}

fn nothing_is_lost(body: &str, split: &mail::Split) -> bool {
    let sorted = |text: &str| {
        let mut words: Vec<String> = text.split_whitespace().map(ToOwned::to_owned).collect();
        words.sort();
        words
    };
    sorted(body) == sorted(&format!("{}\n{}", split.reply, split.quoted))
}

/// Real mails with bytes changed, pieces cut out or doubled and lines of other mails put in: each is read or refused, at
/// once, and never loses its reply. The seed is fixed, so that a failure is found again.
#[test]
fn damaged_mails_are_read_or_refused() {
    let mut mails = Vec::new();
    for set in ["mail-chatwoot", "mail-ruby-mail"] {
        let Some(folder) = samples(set) else { return };
        for file in read_oracle(&folder).as_object().expect("an object").keys() {
            mails.push((file.clone(), std::fs::read(folder.join(file)).expect("the mail")));
        }
    }
    let mut seed = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = move |limit: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % u64::try_from(limit.max(1)).expect("fits")).expect("fits")
    };
    for round in 0..4 {
        for index in 0..mails.len() {
            let (file, whole) = &mails[index];
            let mut raw = whole.clone();
            for _ in 0..=below(6) {
                let (from, length) = (below(raw.len()), below(200));
                let to = (from + length).min(raw.len());
                match below(5) {
                    0 => drop(raw.drain(from..to)),
                    1 => raw.extend_from_within(from..to),
                    2 => raw.truncate(from),
                    3 => raw[from..to].fill(u8::try_from(below(256)).expect("a byte")),
                    _ => {
                        let other = &mails[below(mails.len())].1;
                        let lines: Vec<&[u8]> = other.split_inclusive(|&byte| byte == b'\n').collect();
                        let line = lines[below(lines.len())];
                        drop(raw.splice(from..from, line.iter().copied()));
                    }
                }
                if raw.is_empty() {
                    break;
                }
            }
            let began = std::time::Instant::now();
            match mail::read(&raw) {
                Ok(mail) => assert_eq!(
                    mail.reply.is_empty(),
                    mail.text.trim().is_empty(),
                    "{file} in round {round}"
                ),
                Err(why) => assert!(!why.to_string().contains("defeats"), "{file} in round {round}: a panic"),
            }
            assert!(began.elapsed().as_secs() < 2, "{file} in round {round} took too long");
        }
    }
}

/// Every WhatsApp payload is read without a problem: messages become contacts, the rest is known not to be one.
#[test]
fn whatsapp_payloads_are_understood() {
    let Some(folder) = samples("whatsapp-webhooks") else {
        return;
    };
    let presets = Presets::load(None).expect("the built-in presets");
    let preset = presets.get("whatsapp-cloud").expect("built in");
    let (mut contacts, mut skipped) = (0, 0);
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let kinds: Value = serde_json::from_slice(&std::fs::read(&path).expect("the file")).expect("JSON");
        for (kind, payload) in kinds.as_object().expect("an object") {
            let mapped = read_payload(preset, payload.to_string().as_bytes()).expect("understood");
            assert_eq!(mapped.problems, [], "{}: {kind}", path.display());
            assert_eq!(mapped.contacts.len() + mapped.skipped, 1, "{}: {kind}", path.display());
            contacts += mapped.contacts.len();
            skipped += mapped.skipped;
            for contact in mapped.contacts.into_iter().map(|part| part.contact) {
                assert!(!contact.text.is_empty() && contact.identities[0].value.starts_with("+972") || kind == "image");
            }
        }
    }
    assert!(contacts >= 25 && skipped >= 30, "{contacts} contacts, {skipped} others");
}

/// Questions to a town's help centre and to a bank, one or two lines each, and the pages that answer them.
#[test]
fn the_language_of_short_texts_is_found() {
    let (Some(pages), Some(bank)) = (samples("kb-omosqa"), samples("intent-banking77")) else {
        return;
    };
    let texts = |file: PathBuf| -> Vec<String> {
        let lines = std::fs::read_to_string(file).expect("the texts");
        let read = |line: &str| serde_json::from_str::<Value>(line).expect("JSON");
        lines.lines().map(|line| text(&read(line), "text").to_owned()).collect()
    };
    let bank = std::fs::read_to_string(bank.join("train.csv")).expect("the questions");
    let bank = bank.lines().skip(1).map(str::to_owned).collect();
    for (language, texts, at_least) in [
        ("de", texts(pages.join("de/queries.jsonl")), 90),
        ("en", texts(pages.join("en/queries.jsonl")), 90),
        ("de", texts(pages.join("de/corpus.jsonl")), 90),
        ("en", texts(pages.join("en/corpus.jsonl")), 90),
        ("en", bank, 90),
    ] {
        let found: Vec<&str> = texts
            .iter()
            .map(|text| vorrang_ingestion::language::detect("", text))
            .collect();
        let right = found.iter().filter(|found| **found == language).count();
        let wrong = found
            .iter()
            .filter(|found| !found.is_empty() && **found != language)
            .count();
        assert!(
            right * 100 >= at_least * texts.len(),
            "{language}: {right} of {}",
            texts.len()
        );
        assert!(
            wrong * 500 <= texts.len(),
            "{language}: {wrong} of {} wrong",
            texts.len()
        );
    }
}

//! Real mails through the whole path (gRPC, raw bytes on disk, ticket), against mail-parser that reads the same bytes and does nothing with
//! them, each by processor second.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::join_all;
use tokio::time::Instant;
use vorrang_api::ingestion::v1::ingestion_service_client::IngestionServiceClient;
use vorrang_api::ingestion::v1::{Outcome, PushEmailRequest};
use vorrang_service::{Bind, Config, Suite};
use vorrang_testkit::data_folder;
use vorrang_testkit::report::{line, median, round};

use crate::cpu_seconds;

const CLIENTS: usize = 64;
const MAILS: usize = 6_000;
const ROUNDS: usize = 3;

pub async fn run() {
    let samples = samples();
    assert!(!samples.is_empty(), "there are mails in the repository at least");
    let folder = data_folder();
    let mut config = Config::local(folder.path());
    config.limits.tenant_requests_per_second = 0;
    let services = vec![
        Bind::new("ticketing", vorrang_ticketing::bind),
        Bind::new("ingestion", vorrang_ingestion::bind),
    ];
    let running = Suite::start(config, vorrang_clock::system(), services)
        .await
        .expect("starts");
    let (mut ours, mut limits, mut readers, mut walls) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let mails: Arc<Vec<Vec<u8>>> = Arc::new(
            (0..MAILS)
                .map(|n| unique(&samples[n % samples.len()], round, n))
                .collect(),
        );
        limits.push(alone(&mails, |mail| {
            mail_parser::MessageParser::default().parse(mail).is_some()
        }));
        readers.push(alone(&mails, |mail| vorrang_ingestion::mail::read(mail).is_ok()));
        let (before, started, next) = (cpu_seconds(), Instant::now(), Arc::new(AtomicUsize::new(0)));
        let clients = (0..CLIENTS).map(|client| {
            let (mails, next) = (mails.clone(), next.clone());
            let channel = running.peers().ingestion(Some(&format!("t{}", client % 16)));
            let mut pushes = IngestionServiceClient::new(channel).max_encoding_message_size(32 << 20);
            tokio::spawn(async move {
                while let Some(mail) = mails.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let request = PushEmailRequest {
                        raw: mail.clone().into(),
                        ..PushEmailRequest::default()
                    };
                    let answer = pushes.push_email(request).await.expect("taken").into_inner();
                    let outcome = answer.result.expect("a result").outcome();
                    assert!([Outcome::Created, Outcome::Appended].contains(&outcome), "{outcome:?}");
                }
            })
        });
        for client in join_all(clients).await {
            client.expect("no panic");
        }
        ours.push(MAILS as f64 / (cpu_seconds() - before));
        walls.push(MAILS as f64 / started.elapsed().as_secs_f64());
    }
    let (ours, limit) = (median(ours), median(limits));
    line(
        "raw-mails",
        serde_json::json!({
            "what": format!("PushEmail, {CLIENTS} clients, 16 tenants, {} real mails in turn, embedded default; clients included", samples.len()),
            "unit": "mails per processor second", "ours": round(ours), "limit": round(limit),
            "limit_is": "mail-parser on the same bytes, nothing else", "ratio": round(ours / limit),
            "reader_alone": round(median(readers)), "mails_per_s": round(median(walls)),
        }),
    );
}

/// Mails per processor second of one thread that only reads.
fn alone(mails: &[Vec<u8>], read: impl Fn(&[u8]) -> bool) -> f64 {
    let before = cpu_seconds();
    let mut count = 0;
    // Ticks are hundredths of a second: a second of them is one per cent.
    while cpu_seconds() - before < 1.0 {
        count += mails.iter().take(500).filter(|mail| read(mail)).count();
    }
    count as f64 / (cpu_seconds() - before)
}

/// The mail under a Message-ID of its own, so that each is a mail that was never seen.
fn unique(mail: &[u8], round: usize, number: usize) -> Vec<u8> {
    let id = format!("Message-ID: <{round}.{number}@bench.example>\r\n");
    let mut all = id.into_bytes();
    let mut in_head = true;
    let mut skipping = false;
    for part in mail.split_inclusive(|byte| *byte == b'\n') {
        if in_head {
            let lower = part.to_ascii_lowercase();
            let folded = part.first().is_some_and(|byte| [b' ', b'\t'].contains(byte));
            skipping = if folded {
                skipping
            } else {
                lower.starts_with(b"message-id:") || part.starts_with(b"From ")
            };
            if skipping {
                continue;
            }
            in_head = !(part == b"\n" || part == b"\r\n");
        }
        all.extend_from_slice(part);
    }
    all
}

/// The samples' mails where there are any, else the repository's own.
fn samples() -> Vec<Vec<u8>> {
    let folders: Vec<PathBuf> = match std::env::var_os("VORRANG_SAMPLES").map(PathBuf::from) {
        Some(samples) => vec![samples.join("mail-chatwoot/mail"), samples.join("mail-ruby-mail/mail")],
        None => vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/ingestion/fixtures/mail")],
    };
    let mut mails = Vec::new();
    let mut left: Vec<PathBuf> = folders;
    while let Some(path) = left.pop() {
        if path.is_dir() {
            left.extend(
                std::fs::read_dir(path)
                    .expect("is readable")
                    .map(|entry| entry.expect("is readable").path()),
            );
        } else {
            mails.push(std::fs::read(path).expect("is readable"));
        }
    }
    mails.retain(|mail| {
        vorrang_ingestion::mail::read(mail).is_ok() && mail_parser::MessageParser::default().parse(mail).is_some()
    });
    mails.sort();
    mails
}

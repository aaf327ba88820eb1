//! Real inputs to begin with: the fixtures of the repository, and the samples beside it where there are any.

use std::path::{Path, PathBuf};

use prost::Message as _;
use vorrang_api::ingestion::v1 as ingestion;
use vorrang_api::ticketing::v1 as ticketing;

use crate::targets::{TYPES, preset_ids};

/// Larger samples are left out: changes would rarely hit what matters in them.
const LARGEST: u64 = 64 << 10;

/// Those of a target.
pub fn of(target: &str) -> Vec<Vec<u8>> {
    let ingestion = Path::new(env!("CARGO_MANIFEST_DIR")).join("../services/ingestion");
    let samples = std::env::var_os("VORRANG_SAMPLES").map(PathBuf::from);
    let sample = |folder: &str| {
        samples
            .iter()
            .flat_map(|samples| files(&samples.join(folder)))
            .collect()
    };
    match target {
        "mail" => {
            let real: Vec<Vec<u8>> = ["mail-chatwoot/mail", "mail-ruby-mail/mail"]
                .into_iter()
                .flat_map(|one| -> Vec<_> { sample(one) })
                .collect();
            [files(&ingestion.join("fixtures/mail")), real].concat()
        }
        "preset" => {
            let mut seeds: Vec<Vec<u8>> = Vec::new();
            for (number, id) in preset_ids().iter().enumerate() {
                for body in files(&ingestion.join("fixtures/presets").join(id)) {
                    for media in 0..TYPES.len() {
                        let which = [u8::try_from(number).expect("few"), u8::try_from(media).expect("few")];
                        seeds.push([&which[..], &body].concat());
                    }
                }
            }
            seeds
        }
        "preset-file" => files(&ingestion.join("presets")),
        "filter" => texts(&[
            r#"priority >= HIGH AND (customer = "customers/1" OR NOT labels.vip = "yes")"#,
            r#"create_time > "2026-01-01T00:00:00Z" count < 10 -subject:"a*b" refund"#,
            r#"(((((subject = "x" OR subject = "y")))))"#,
        ]),
        "cursor" => texts(&["BEGINNING", "AAECAwQFBgcICQoLDA0ODw", "djE6YWNtZTow"]),
        "token" => texts(&[
            "Re: Order [#1042-2QF7-KX9M]",
            "support+1042.abcdefghijklmnop@firma.example",
            "<1042.abcdefghijklmnop@firma.example>",
        ]),
        "message" => messages(),
        other => panic!("{other} has no seeds"),
    }
}

/// The contents of all files below a folder.
fn files(folder: &Path) -> Vec<Vec<u8>> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("is readable").path()).collect();
    paths.sort();
    let mut all = Vec::new();
    for path in paths {
        if path.is_dir() {
            all.extend(files(&path));
        } else if std::fs::metadata(&path).is_ok_and(|meta| meta.len() <= LARGEST) {
            all.push(std::fs::read(&path).expect("is readable"));
        }
    }
    all
}

fn texts(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// A full contact in every kind of message: the fields that they do not have are unknown ones.
fn messages() -> Vec<Vec<u8>> {
    let contact = ingestion::Contact {
        external_id: "1".to_owned(),
        conversation_id: "2".to_owned(),
        identities: vec![ticketing::Identity {
            kind: ticketing::identity::Kind::Email.into(),
            value: "jonas@example.org".to_owned(),
            verified: true,
        }],
        subject: "Router".to_owned(),
        text: "It blinks".to_owned(),
        tags: vec!["router".to_owned()],
        occurred_at: Some(prost_types::Timestamp { seconds: 1, nanos: 2 }),
        ..ingestion::Contact::default()
    };
    let request = ingestion::PushTicketRequest {
        request_id: "r".to_owned(),
        contact: Some(contact),
    };
    let body = request.encode_to_vec();
    (0..12_u8).map(|which| [&[which], &body[..]].concat()).collect()
}

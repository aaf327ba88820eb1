//! What reads strangers' bytes. Each target takes any bytes, and panics when a promise is broken.

use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use prost::Message as _;
use vorrang_api::{analytics, feed, ingestion, knowledge, routing, ticketing};
use vorrang_feed::Cursors;
use vorrang_filter::{Filter, Kind, Schema};
use vorrang_ingestion::mails::Mails;
use vorrang_ingestion::outgoing;
use vorrang_ingestion::presets::{Preset, Presets};
use vorrang_ingestion::tokens::Tokens;
use vorrang_ingestion::trial::{self, Push};

/// A name and what it does with the bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All of them.
pub const ALL: [Target; 7] = [
    ("mail", mail),
    ("preset", preset),
    ("preset-file", preset_file),
    ("filter", filter),
    ("cursor", cursor),
    ("token", token),
    ("message", message),
];

const KEY: &[u8] = b"a key of at least 32 bytes, for tests only";

static PRESETS: LazyLock<Vec<Preset>> = LazyLock::new(|| {
    let presets = Presets::load(None).expect("the built-in presets are right");
    presets.iter().cloned().collect()
});

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_931, 0).expect("a time")
}

/// A mail is read, or refused as a whole; what it says is text.
fn mail(bytes: &[u8]) {
    let read = vorrang_ingestion::mail::read(bytes);
    let contact = Mails::new(&[KEY]).read("acme", "sources/fuzz", "", bytes, now());
    if let Ok(mail) = read {
        assert!(
            mail.text.len() <= bytes.len().saturating_mul(8) + 4096,
            "text out of nothing"
        );
        assert!(!mail.text.contains('\0'), "no database takes NUL");
    }
    if let Ok(contact) = contact {
        assert!(!contact.text.contains('\0') && !contact.subject.contains('\0'));
    }
}

/// The presets in the order in which the first byte names them.
pub fn preset_ids() -> Vec<&'static str> {
    PRESETS.iter().map(Preset::id).collect()
}

/// Media types that the second byte names.
pub const TYPES: [&str; 7] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "text/xml",
    "application/cloudevents-batch+json",
    "message/rfc822",
    "",
];

/// Whatever a vendor pushes becomes contacts, names, items that ask for nothing, or problems: nothing goes without a word.
fn preset(bytes: &[u8]) {
    let [which, media, body @ ..] = bytes else { return };
    let preset = &PRESETS[usize::from(*which) % PRESETS.len()];
    let push = Push {
        content_type: TYPES[usize::from(*media) % TYPES.len()],
        headers: &[("X-Hub-Signature-256".to_owned(), "sha256=00".to_owned())],
        path: "/v1/sources/5f2a/events",
        origins: &[],
        body,
        now: now(),
    };
    let mapped = trial::read(preset, &push);
    let said = mapped.contacts.len() + mapped.thin.len() + mapped.skipped + mapped.problems.len();
    assert!(said > 0, "{}: nothing is said of the payload", preset.id());
    assert!(
        !trial::is_signed(preset, "secret", &push),
        "{}: nobody signed it",
        preset.id()
    );
}

/// A preset of one's own is taken, or refused with a reason.
fn preset_file(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Preset::parse("fuzz.toml", text) {
        assert!(!error.message().is_empty());
    }
}

/// A filter is understood, or refused with its position.
fn filter(bytes: &[u8]) {
    static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
        Schema::new()
            .searchable("subject", Kind::Text)
            .field("priority", Kind::ranked(["LOW", "NORMAL", "HIGH", "URGENT"]))
            .field("customer", Kind::name("customers"))
            .field("create_time", Kind::Time)
            .field("count", Kind::Integer)
            .open_map("labels", Kind::Text)
    });
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Err(error) = Filter::parse(text, &SCHEMA) {
        assert!(!error.to_string().is_empty());
    }
}

/// A cursor that we did not write is refused.
fn cursor(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let cursors = Cursors::new(vorrang_feed::Owner::Ticketing, KEY);
    assert!(cursors.read("acme", text).is_err(), "nobody wrote this cursor");
}

/// A mark of a ticket that we did not sign leads nowhere, wherever it stands.
fn token(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let tokens = Tokens::new(&[KEY]);
    assert!(tokens.read("acme", &text).is_none());
    assert!(outgoing::in_message_id(&tokens, "acme", &text).is_none());
    assert!(outgoing::in_address(&tokens, "acme", &text).is_none());
    assert!(outgoing::in_subject(&tokens, "acme", &text).is_empty());
}

/// Every request that a client can send is read, or refused.
fn message(bytes: &[u8]) {
    let [which, body @ ..] = bytes else { return };
    macro_rules! one_of {
        ($($kind:path),+ $(,)?) => {
            [$(|body: &[u8]| { let _ = <$kind>::decode(body); }),+]
        };
    }
    let readers: [fn(&[u8]); 12] = one_of![
        ingestion::v1::PushTicketRequest,
        ingestion::v1::PushTicketsRequest,
        ingestion::v1::PushEmailRequest,
        ingestion::v1::ConverseRequest,
        ingestion::v1::CreateSourceRequest,
        ticketing::v1::CreateTicketRequest,
        ticketing::v1::UpdateCustomerRequest,
        ticketing::v1::RecordContactsRequest,
        routing::v1::WorkRequest,
        knowledge::v1::CreateArticleRequest,
        analytics::v1::QueryKpisRequest,
        feed::v1::FollowRequest,
    ];
    readers[usize::from(*which) % readers.len()](body);
}

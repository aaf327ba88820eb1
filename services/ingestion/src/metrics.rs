//! What is counted.

use std::sync::OnceLock;

use vorrang_telemetry::metrics::{attribute, attributes, counter, gauge, names};

use crate::outcome::Outcome;
use crate::store::Posted;

/// A contact was answered.
pub fn pushed(outcome: Outcome) {
    static PUSHES: OnceLock<opentelemetry::metrics::Counter<u64>> = OnceLock::new();
    PUSHES
        .get_or_init(|| counter(names::INGESTION_PUSHES, "Contacts pushed, by outcome"))
        .add(1, &[attribute(attributes::OUTCOME, outcome.as_str())]);
}

/// A webhook had a wrong signature.
pub fn rejected() {
    static REJECTED: OnceLock<opentelemetry::metrics::Counter<u64>> = OnceLock::new();
    REJECTED
        .get_or_init(|| counter(names::INGESTION_REJECTED, "Webhooks with a wrong signature"))
        .add(1, &[]);
}

/// A mail came that a machine wrote.
pub fn automated(kind: &'static str) {
    static AUTOMATED: OnceLock<opentelemetry::metrics::Counter<u64>> = OnceLock::new();
    AUTOMATED
        .get_or_init(|| counter(names::INGESTION_AUTOMATED, "Mails that machines wrote, by kind"))
        .add(1, &[attribute(attributes::MAIL_KIND, kind)]);
}

/// Something became of a reply that is to be mailed.
pub fn mailed(posted: Posted) {
    static MAILED: OnceLock<opentelemetry::metrics::Counter<u64>> = OnceLock::new();
    let outcome = match posted {
        Posted::Sent => "SENT",
        Posted::GivenUp(_) => "GIVEN_UP",
        Posted::Later(..) => "LATER",
    };
    MAILED
        .get_or_init(|| counter(names::INGESTION_MAILED, "Replies to be mailed, by outcome of each try"))
        .add(1, &[attribute(attributes::OUTCOME, outcome)]);
}

/// Something became of a mail in a mailbox that is read.
pub fn collected(outcome: &'static str) {
    static COLLECTED: OnceLock<opentelemetry::metrics::Counter<u64>> = OnceLock::new();
    COLLECTED
        .get_or_init(|| counter(names::INGESTION_COLLECTED, "Mails read from mailboxes, by outcome"))
        .add(1, &[attribute(attributes::OUTCOME, outcome)]);
}

/// A mailbox could not be read.
pub fn mailbox_failed(reason: &'static str) {
    static FAILED: OnceLock<opentelemetry::metrics::Counter<u64>> = OnceLock::new();
    FAILED
        .get_or_init(|| {
            counter(
                names::INGESTION_MAILBOX_FAILURES,
                "Failed looks at mailboxes, by reason",
            )
        })
        .add(1, &[attribute(attributes::OUTCOME, reason)]);
}

/// So many contacts wait for ticketing.
pub fn waiting(contacts: u64) {
    static INBOX: OnceLock<opentelemetry::metrics::Gauge<f64>> = OnceLock::new();
    INBOX
        .get_or_init(|| gauge(names::INGESTION_INBOX, "1", "Contacts that wait for ticketing"))
        .record(contacts as f64, &[]);
}

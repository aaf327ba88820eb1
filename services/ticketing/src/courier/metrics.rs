//! What is counted.

use std::sync::OnceLock;

use opentelemetry::metrics::Counter;
use vorrang_telemetry::metrics::{attribute, attributes, counter, names};

use crate::store::Finished;

/// Attempts were made, and by them so many deliveries given up.
pub fn attempts(finished: &[Finished], given_up: u64) {
    static ATTEMPTS: OnceLock<Counter<u64>> = OnceLock::new();
    static GIVEN_UP: OnceLock<Counter<u64>> = OnceLock::new();
    let attempts =
        ATTEMPTS.get_or_init(|| counter(names::WEBHOOK_ATTEMPTS, "Attempts to deliver to webhooks, by outcome"));
    for one in finished {
        let outcome = if one.outcome.is_success() {
            "TAKEN"
        } else {
            one.outcome.error()
        };
        attempts.add(1, &[attribute(attributes::OUTCOME, outcome)]);
    }
    if given_up > 0 {
        GIVEN_UP
            .get_or_init(|| counter(names::WEBHOOK_DEAD_LETTERS, "Deliveries to webhooks that were given up"))
            .add(given_up, &[]);
    }
}

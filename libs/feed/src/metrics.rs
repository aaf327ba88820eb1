//! What is measured.

use std::sync::OnceLock;

use chrono::TimeDelta;
use opentelemetry::metrics::{Counter, Gauge};
use vorrang_telemetry::metrics::{attribute, attributes, counter, gauge, names};

use crate::Owner;

/// How far the named consumer of all tenants that is furthest behind is behind.
pub fn furthest_behind(owner: Owner, events: i64, lag: TimeDelta) {
    static EVENTS: OnceLock<Gauge<f64>> = OnceLock::new();
    static SECONDS: OnceLock<Gauge<f64>> = OnceLock::new();
    let feed = [attribute(attributes::FEED, owner.name())];
    EVENTS
        .get_or_init(|| {
            let what = "Events that the named consumer furthest behind has not applied";
            gauge(names::FEED_CONSUMER_LAG_EVENTS, "{event}", what)
        })
        .record(events as f64, &feed);
    SECONDS
        .get_or_init(|| {
            let what = "Age of the oldest event that a named consumer has not applied";
            gauge(names::FEED_CONSUMER_LAG, "s", what)
        })
        .record(lag.as_seconds_f64(), &feed);
}

/// So many events were removed by retention.
pub fn removed(owner: Owner, events: u64) {
    static REMOVED: OnceLock<Counter<u64>> = OnceLock::new();
    REMOVED
        .get_or_init(|| counter(names::FEED_EVENTS_REMOVED, "Events removed by retention"))
        .add(events, &[attribute(attributes::FEED, owner.name())]);
}

//! Worked tables: small histories whose values are computed by hand. Times are minutes of one day.

pub(crate) mod random;
mod remembered;
mod surveys;
mod tickets;
mod waits;

use chrono_tz::Tz;

use super::*;
use crate::buckets::Micros;
use crate::dimensions::Dimension;
use crate::facts::{ActorKind, CustomerSeen, Event, Facts, Opened, Order, SessionStep, Status, Wrote};
use crate::query::{Answer, Figures, Query, run};

const MINUTE: Micros = 60_000_000;

/// A desk under test: facts that are added minute by minute.
#[derive(Default)]
struct Desk {
    facts: Facts,
    events: i64,
}

impl Desk {
    fn at(&mut self, minute: i64, events: &[Event<'_>]) -> &mut Self {
        for event in events {
            self.events += 1;
            self.facts.apply(minute * MINUTE, Order::new(0, self.events), *event);
        }
        self
    }

    /// The figure for the whole day as it reads at its end, in its variant `id/variant`.
    fn figures(&self, id: &str) -> Figures {
        self.answer(id, &[], 24 * 60).total
    }

    /// The same as it read at `minute`.
    fn figures_at(&self, id: &str, minute: i64) -> Figures {
        self.answer(id, &[], minute).total
    }

    /// Value, count and open by one dimension; no value is `-`.
    fn split(&self, id: &str, dimension: Dimension) -> Vec<(String, Option<f64>, u64, u64)> {
        let rows = self.answer(id, &[dimension], 24 * 60).rows;
        rows.into_iter()
            .map(|row| {
                let key = row.key[0].clone().unwrap_or_else(|| "-".to_owned());
                (key, row.figures.value, row.figures.count, row.figures.open)
            })
            .collect()
    }

    fn answer(&self, id: &str, by: &[Dimension], as_of: i64) -> Answer {
        let (id, variant) = id.split_once('/').unwrap_or((id, ""));
        let kpi = find(id).expect("a known figure");
        let query = Query {
            kpi,
            variant: kpi.variant(variant).expect("a known variant"),
            clock: Clock::Elapsed,
            from: 0,
            to: 24 * 60 * MINUTE,
            zone: Tz::UTC,
            grain: None,
            by,
            filters: &[],
        };
        run(&View::new(&self.facts, as_of * MINUTE), &query)
    }
}

fn opened<'a>(ticket: &'a str, channel: &'a str) -> Event<'a> {
    Event::Opened(Opened {
        ticket,
        channel,
        customer: "mara",
        ..Opened::default()
    })
}

fn asks(ticket: &str) -> Event<'_> {
    message(ticket, ActorKind::Customer, "mara", true)
}

fn replies<'a>(ticket: &'a str, agent: &'a str) -> Event<'a> {
    message(ticket, ActorKind::Agent, agent, true)
}

fn notes<'a>(ticket: &'a str, agent: &'a str) -> Event<'a> {
    message(ticket, ActorKind::Agent, agent, false)
}

fn bot(ticket: &str) -> Event<'_> {
    message(ticket, ActorKind::Automation, "bot", true)
}

fn message<'a>(ticket: &'a str, actor: ActorKind, id: &'a str, public: bool) -> Event<'a> {
    let message = Wrote {
        actor,
        id,
        public,
        channel: "",
    };
    Event::Message { ticket, message }
}

fn status(ticket: &str, status: Status) -> Event<'_> {
    Event::Status {
        ticket,
        status,
        actor: Some(ActorKind::Automation),
    }
}

fn session<'a>(session: &'a str, step: SessionStep, customer: &'a str) -> Event<'a> {
    Event::Session {
        session,
        step,
        customer,
        ticket: "",
    }
}

fn person<'a>(customer: &'a str, tier: &'a str) -> Event<'a> {
    Event::Customer(CustomerSeen {
        customer,
        tier: Some(tier),
        won: true,
        ..CustomerSeen::default()
    })
}

fn assigned<'a>(ticket: &'a str, agent: &'a str, queue: &'a str) -> Event<'a> {
    Event::Assigned { ticket, agent, queue }
}

fn minutes(minutes: f64) -> Option<f64> {
    Some(minutes * 60.0)
}

#[test]
fn ids_are_unique_sorted_and_stable_names() {
    let ids: Vec<&str> = ALL.iter().map(|kpi| kpi.id).collect();
    assert!(ids.is_sorted(), "{ids:?}");
    for kpi in ALL {
        let lower = |c: char| c.is_ascii_lowercase() || c == '_';
        assert!(kpi.id.chars().all(lower), "{}", kpi.id);
        assert_eq!(ids.iter().filter(|id| **id == kpi.id).count(), 1, "{}", kpi.id);
        assert!(find(kpi.id).is_some());
    }
}

#[test]
fn every_definition_is_told_in_words() {
    for kpi in ALL {
        assert!(kpi.version >= 1, "{}", kpi.id);
        for text in [
            kpi.title,
            kpi.formula,
            kpi.cohort_rule,
            kpi.actor_rule,
            kpi.calendar_rule,
            kpi.null_rule,
        ] {
            assert!(!text.trim().is_empty(), "{} lacks a rule in words", kpi.id);
        }
        assert_eq!(kpi.variants.first().map(|variant| variant.id), Some(""), "{}", kpi.id);
        for variant in &kpi.variants[1..] {
            assert!(
                kpi.formula.contains(variant.id),
                "{}: the formula does not explain the variant {}",
                kpi.id,
                variant.id
            );
        }
    }
}

#[test]
fn nothing_happened_is_zero_for_counts_and_null_for_the_rest() {
    let desk = Desk::default();
    for kpi in ALL {
        for variant in kpi.variants {
            let figures = desk.figures(&format!("{}/{}", kpi.id, variant.id));
            let expected = (variant.measure == Measure::Count).then_some(0.0);
            assert_eq!(figures.value, expected, "{}/{}", kpi.id, variant.id);
            assert_eq!((figures.count, figures.open), (0, 0), "{}/{}", kpi.id, variant.id);
            assert_eq!((figures.low, figures.high), (None, None), "{}/{}", kpi.id, variant.id);
        }
    }
}

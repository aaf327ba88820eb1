//! The schema, a file a migration. Migrations only ever add; a column goes two releases after its last use.

mod m0001_tables;
mod m0002_privacy;
mod m0003_erasure;
mod m0004_texts_left;
mod m0005_merged_with;
mod m0006_history;
mod m0007_queue_left;
mod m0008_line;
mod m_automations;
mod m_customers;
mod m_macros;
mod m_sla;
mod merge;
mod reviews;
mod schedules;
mod surveys;
mod tickets;
mod webhooks;

use sea_orm_migration::prelude::*;
use vorrang_database::{event_log, fingerprints, idempotency};

/// The schema of ticketing.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(event_log::Migration),
            Box::new(event_log::ConsumersMigration),
            Box::new(idempotency::Migration),
            Box::new(m0001_tables::Tables),
            Box::new(m0002_privacy::Privacy),
            Box::new(merge::Merge),
            Box::new(m_customers::Customers),
            Box::new(schedules::Schedules),
            Box::new(tickets::Tickets),
            Box::new(m_sla::Sla),
            Box::new(webhooks::Webhooks),
            Box::new(surveys::Surveys),
            Box::new(reviews::Reviews),
            Box::new(m0003_erasure::Erasure),
            Box::new(m0004_texts_left::TextsLeft),
            Box::new(m_macros::Macros),
            Box::new(m_automations::Automations),
            Box::new(m0005_merged_with::MergedWith),
            Box::new(fingerprints::Migration),
            Box::new(m0006_history::History),
            Box::new(m0007_queue_left::QueueLeft),
            Box::new(m0008_line::Line),
        ]
    }
}

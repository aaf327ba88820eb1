//! Analytics: key figures from what happened in ticketing, routing and knowledge.
pub mod buckets;
pub mod facts;
pub mod kpis;
pub mod moment;
pub mod query;
pub mod statistics;

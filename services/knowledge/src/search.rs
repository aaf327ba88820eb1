//! Full-text search over published articles: a projection of the database that can be thrown away at any time.
//!
//! One tantivy index per tenant, in a folder of its own. Each commit carries the position in the tenant's log up to which
//! it is complete, so that after any crash it goes on from there; an index that is missing, damaged, of another version or
//! of another log epoch is built anew from the database. tantivy is used in this module only.

mod analysis;
mod position;
mod projection;
mod query;
mod schema;
mod snippet;
mod spelling;
mod tenant_index;

pub(crate) use projection::Search;

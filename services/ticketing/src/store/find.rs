//! Finding tickets by a filter, in an order, page by page, at a cost that is bounded whatever lies in the table.
//!
//! Two ways lead to the same rows in the same order, so that a page can go on where another one of either kind ended:
//! - **Sorting** what one condition of the filter leaves, when an index says that it is little.
//! - **Walking** along an index that lies in the order asked for, a window at a time, and filtering what is in it.
//!
//! What is little is sorted at once. Otherwise the walk begins, since most filters find a page soon. When its first window
//! is not enough, up to [`Limits::sorted`] tickets are sorted if some condition leaves no more, and the walk goes on to
//! [`Limits::walked`] if none does. A walk that ends there gives what it found and where to go on.

mod order;
mod seed;
mod sql;
#[cfg(test)]
mod tests;

use sea_orm::sea_query::{Alias, Condition, Expr, ExprTrait, Func, Query};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoSimpleExpr, QueryFilter, QueryOrder, QuerySelect};
use vorrang_database::error;
use vorrang_error::Error;
use vorrang_filter::Filter;

use super::entity::ticket::{self, Column};
use super::{Store, row};
use crate::names::TicketRef;
use crate::order::{Key, Order, Position};
use crate::ticket::Ticket;
use order::{Direction, after, key_expr, not_after};
use seed::Seed;

/// What bounds the cost of a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// So many tickets are sorted without a second thought.
    pub at_once: u64,
    /// So many are sorted when the order can be had no other way.
    pub sorted: u64,
    /// Tickets of a window of the walk.
    pub window: u64,
    /// Tickets that a walk looks at.
    pub walked: u64,
}

pub(super) const LIMITS: Limits = Limits {
    at_once: 2_000,
    sorted: 50_000,
    window: 2_000,
    walked: 20_000,
};

/// What is looked for.
#[derive(Debug, Clone, Copy)]
pub struct Search<'a> {
    /// Which tickets.
    pub filter: &'a Filter,
    /// Only those that are part of this ticket by a merge, directly or through others.
    pub merged_into: Option<TicketRef>,
    /// In which order.
    pub order: &'a Order,
    /// Behind this position; none: from the beginning.
    pub after: Option<&'a Position>,
    /// At most so many.
    pub limit: u64,
}

/// What was found.
#[derive(Debug)]
pub struct Found {
    /// Tickets, in their order.
    pub tickets: Vec<Ticket>,
    /// Where to go on when there are fewer than asked for and there may be more.
    pub next: Option<Position>,
}

impl Store {
    /// The tickets that fit.
    ///
    /// # Errors
    /// Precondition `ORDER_TOO_COSTLY` when too many would have to be sorted; NotFound for a ticket to be part of.
    pub async fn find_tickets(&self, tenant: &str, search: Search<'_>) -> Result<Found, Error> {
        self.find_within(tenant, search, LIMITS).await
    }

    pub(super) async fn find_within(&self, tenant: &str, search: Search<'_>, limits: Limits) -> Result<Found, Error> {
        let engine = self.db.engine();
        let mut fits = match search.filter.expr() {
            Some(expr) => sql::condition(expr, engine),
            None => Condition::all(),
        };
        let mut seeds = search
            .filter
            .expr()
            .map(|expr| seed::seeds(expr, engine))
            .unwrap_or_default();
        if let Some(which) = search.merged_into {
            let parts = Column::Id.is_in(self.parts(tenant, which).await?);
            fits = fits.add(parts.clone());
            seeds.insert(0, Seed::Tickets(Condition::all().add(parts)));
        }
        // A tenant may have few tickets altogether.
        seeds.push(Seed::all());
        if let Some(seed) = self.small(tenant, &seeds, limits.at_once).await? {
            return self.sort(tenant, search, seed, fits).await;
        }
        if let Some(lead) = search.order.walkable() {
            let mut walk = Walk::new(lead, search);
            self.step(tenant, &mut walk, &fits, limits.window).await?;
            if walk.is_done() {
                return Ok(walk.found());
            }
            if let Some(seed) = self.small(tenant, &seeds, limits.sorted).await? {
                return self.sort(tenant, search, seed, fits).await;
            }
            while !walk.is_done() && walk.seen < limits.walked {
                self.step(tenant, &mut walk, &fits, limits.window).await?;
            }
            return Ok(walk.found());
        }
        match self.small(tenant, &seeds, limits.sorted).await? {
            Some(seed) => self.sort(tenant, search, seed, fits).await,
            None => Err(Error::precondition(
                "ORDER_TOO_COSTLY",
                format!(
                    "more than {} tickets would have to be sorted: filter by a customer, an assignee, a tag, a time or open \
                     states, or order by number, opened_at, updated_at, due_at or solved_at alone",
                    limits.sorted
                ),
            )),
        }
    }

    /// The first condition that leaves no more than `most` tickets; counts no further than that.
    async fn small<'a>(&self, tenant: &str, seeds: &'a [Seed], most: u64) -> Result<Option<&'a Seed>, Error> {
        for seed in seeds {
            let some = seed.probe(tenant, most + 1);
            let count = Query::select()
                .expr_as(Func::count(Expr::cust("*")), Alias::new("n"))
                .from_subquery(some, Alias::new("some"))
                .to_owned();
            let row = self.db.reader().query_one(&count).await.map_err(error)?;
            let count: i64 = match row {
                Some(row) => row.try_get("", "n").map_err(error)?,
                None => 0,
            };
            if u64::try_from(count).is_ok_and(|count| count <= most) {
                return Ok(Some(seed));
            }
        }
        Ok(None)
    }

    /// Sorts what the seed leaves.
    async fn sort(&self, tenant: &str, search: Search<'_>, seed: &Seed, fits: Condition) -> Result<Found, Error> {
        let mut query = ticket::Entity::find()
            .filter(Column::Tenant.eq(tenant))
            .filter(seed.condition(tenant))
            .filter(fits)
            .limit(search.limit);
        if let Some(position) = search.after {
            query = query.filter(after(search.order, position));
        }
        for (key, down) in &search.order.keys {
            if key.can_be_missing() {
                query = query.order_by_asc(key_expr(*key).is_null());
            }
            query = query.order_by(key_expr(*key), Direction(*down).into());
        }
        query = query.order_by(Column::Number, Direction(search.order.number_down).into());
        let rows = query.all(self.db.reader()).await.map_err(error)?;
        Ok(Found {
            tickets: row::tickets(self.db.reader(), &self.personal, tenant, rows).await?,
            next: None,
        })
    }

    /// Looks through one more window. Its end is found first, so that rows which come or go meanwhile neither hide others nor
    /// show them twice.
    async fn step(&self, tenant: &str, walk: &mut Walk<'_>, fits: &Condition, window: u64) -> Result<(), Error> {
        let Some(segment) = walk.segment else {
            return Ok(());
        };
        let end = walk
            .end(tenant, segment, window)
            .into_tuple::<(i64, i64)>()
            .one(self.db.reader())
            .await
            .map_err(error)?
            .map(|(value, number)| walk.position(segment, value, number));
        let rows = walk
            .rows(tenant, segment, end.as_ref())
            .filter(fits.clone())
            .limit(walk.search.limit.saturating_sub(walk.tickets.len() as u64))
            .all(self.db.reader())
            .await
            .map_err(error)?;
        walk.tickets
            .extend(row::tickets(self.db.reader(), &self.personal, tenant, rows).await?);
        walk.seen += window;
        walk.go_on(end);
        Ok(())
    }
}

/// The parts of a walk: tickets that have the leading key, along it, then those that have none, along their numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Segment {
    Present,
    Missing,
}

struct Walk<'a> {
    lead: Option<Key>,
    search: Search<'a>,
    /// None: at the end.
    segment: Option<Segment>,
    at: Option<Position>,
    tickets: Vec<Ticket>,
    seen: u64,
}

impl<'a> Walk<'a> {
    fn new(lead: Option<Key>, search: Search<'a>) -> Self {
        let missing = search
            .after
            .is_some_and(|position| position.keys.first() == Some(&None));
        Self {
            lead,
            search,
            segment: Some(if missing { Segment::Missing } else { Segment::Present }),
            at: search.after.cloned(),
            tickets: Vec::new(),
            seen: 0,
        }
    }

    /// The key along whose index this part goes; none: along the numbers.
    fn along(&self, segment: Segment) -> Option<Key> {
        self.lead.filter(|_| segment == Segment::Present)
    }

    /// What is still to be looked at of this part.
    fn left(&self, tenant: &str, segment: Segment) -> sea_orm::Select<ticket::Entity> {
        let down = Direction(self.search.order.number_down);
        let along = self.along(segment);
        let mut left = ticket::Entity::find().filter(Column::Tenant.eq(tenant));
        if let Some(key) = along {
            if key.can_be_missing() {
                left = left.filter(key_expr(key).is_not_null());
            }
            left = left.order_by(key_expr(key), down.into());
        }
        if let Some(position) = &self.at {
            left = left.filter(order::behind(along, down, position));
        }
        left.order_by(Column::Number, down.into())
    }

    /// Key and number of the last ticket of the next window; nothing when less is left than a window.
    fn end(&self, tenant: &str, segment: Segment, window: u64) -> sea_orm::Select<ticket::Entity> {
        let key = self
            .along(segment)
            .map_or_else(|| Column::Number.into_simple_expr(), key_expr);
        self.left(tenant, segment)
            .select_only()
            .expr_as(key, "lead")
            .column(Column::Number)
            .offset(window.saturating_sub(1))
            .limit(1)
    }

    /// The tickets up to the end of a window.
    fn rows(&self, tenant: &str, segment: Segment, end: Option<&Position>) -> sea_orm::Select<ticket::Entity> {
        let mut rows = self.left(tenant, segment);
        if let Some(end) = end {
            let down = Direction(self.search.order.number_down);
            rows = rows.filter(not_after(self.along(segment), down, end));
        }
        match (self.lead, segment) {
            (Some(key), Segment::Missing) => rows.filter(key_expr(key).is_null()),
            _ => rows,
        }
    }

    fn position(&self, segment: Segment, value: i64, number: i64) -> Position {
        let keys = match (self.lead, segment) {
            (None, _) => Vec::new(),
            (Some(_), Segment::Missing) => vec![None],
            (Some(_), Segment::Present) => vec![Some(value)],
        };
        Position { keys, number }
    }

    fn go_on(&mut self, end: Option<Position>) {
        if end.is_some() {
            self.at = end;
        } else if self.segment == Some(Segment::Present) && self.lead.is_some_and(Key::can_be_missing) {
            self.segment = Some(Segment::Missing);
            let down = self.search.order.number_down;
            self.at = Some(Position {
                keys: vec![None],
                number: if down { i64::MAX } else { i64::MIN },
            });
        } else {
            self.segment = None;
        }
    }

    fn is_done(&self) -> bool {
        self.segment.is_none() || self.tickets.len() as u64 >= self.search.limit
    }

    fn found(self) -> Found {
        let full = self.tickets.len() as u64 >= self.search.limit;
        Found {
            tickets: self.tickets,
            next: self.at.filter(|_| !full && self.segment.is_some()),
        }
    }
}

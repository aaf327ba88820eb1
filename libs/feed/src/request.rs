//! Reading a `FollowRequest`.

use std::collections::{HashMap, HashSet};

use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_error::{Error, Violations};

use crate::cursor::Position;
use crate::{EventFilter, Feed, consumer};

/// Longest list of types; owners have fewer.
const TYPES_MAX: usize = 100;

/// Whose events the caller may see; from the credential, never from the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tenancy {
    /// This tenant's.
    One(String),
    /// Everybody's: a service of the suite.
    All,
}

/// A request that makes sense. Whether the log still has the positions is not known yet.
#[derive(Debug)]
pub(crate) struct Wish {
    pub tenancy: Tenancy,
    /// Go on from what this consumer has committed.
    pub consumer: Option<String>,
    /// Whether a start is named, which a consumer without a commit needs.
    pub has_start: bool,
    /// Tenants with a cursor.
    pub positions: HashMap<String, Position>,
    /// Where tenants without a cursor start: at what is committed from now on, else at the beginning.
    pub from_now: bool,
    /// Empty: all.
    pub types: HashSet<String>,
    /// Which of those.
    pub filter: Option<EventFilter>,
}

pub(crate) fn parse(feed: &Feed, tenancy: Tenancy, request: FollowRequest) -> Result<Wish, Error> {
    let mut violations = Violations::new();
    let filter = violations.take("filter", feed.filter(&request.filter));
    let start = StartPoint::try_from(request.start).ok();
    if start.is_none() {
        violations.add("start", "unknown value: use START_POINT_BEGINNING or START_POINT_NOW");
    }
    let start = start.unwrap_or(StartPoint::Unspecified);
    if request.types.len() > TYPES_MAX {
        violations.add("types", format!("at most {TYPES_MAX} types"));
    } else if !request.types.is_empty() {
        let known = feed.owner.types();
        for (index, name) in request.types.iter().enumerate() {
            if !known.contains(name.as_str()) {
                violations.add(format!("types[{index}]"), "is not a type of event of this feed");
            }
        }
    }
    let mut consumer = None;
    let mut given: Vec<(String, String)> = Vec::new();
    match &tenancy {
        Tenancy::One(tenant) => {
            if !request.tenant_cursors.is_empty() {
                violations.add(
                    "tenant_cursors",
                    "only services of the suite follow several tenants: use cursor",
                );
            }
            if !request.consumer.is_empty() {
                consumer = violations.take("consumer", consumer::parse_name(&request.consumer));
                if !request.cursor.is_empty() {
                    violations.add("consumer", "must not be given with a cursor");
                }
            }
            match (request.cursor.is_empty(), start) {
                (true, StartPoint::Unspecified) if !request.consumer.is_empty() => {}
                (true, StartPoint::Unspecified) => violations.add("start", "required without a cursor or consumer"),
                (false, StartPoint::Beginning | StartPoint::Now) => {
                    violations.add("start", "must not be given with a cursor");
                }
                (true, _) => {}
                (false, _) => given.push((tenant.clone(), request.cursor)),
            }
        }
        Tenancy::All => {
            if !request.consumer.is_empty() {
                violations.add("consumer", "a consumer belongs to one tenant");
            }
            if !request.cursor.is_empty() {
                violations.add("cursor", "a stream over all tenants goes on from tenant_cursors");
            }
            if start == StartPoint::Unspecified {
                violations.add("start", "required: where tenants without a cursor start");
            }
            let mut seen = HashSet::new();
            for (index, one) in request.tenant_cursors.into_iter().enumerate() {
                if !seen.insert(one.tenant.clone()) {
                    violations.add(format!("tenant_cursors[{index}].tenant"), "is named twice");
                }
                given.push((one.tenant, one.cursor));
            }
        }
    }
    violations.into_result()?;
    let mut positions = HashMap::new();
    for (tenant, cursor) in given {
        let position = feed.cursors.read(&tenant, &cursor)?;
        positions.insert(tenant, position);
    }
    Ok(Wish {
        tenancy,
        consumer,
        has_start: start != StartPoint::Unspecified,
        positions,
        from_now: start == StartPoint::Now,
        types: request.types.into_iter().collect(),
        filter,
    })
}

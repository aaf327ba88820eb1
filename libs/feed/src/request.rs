//! Reading a `FollowRequest`.

use std::collections::{HashMap, HashSet};

use vorrang_api::feed::v1::{FollowRequest, StartPoint};
use vorrang_error::{Error, Violations};

use crate::Owner;
use crate::cursor::{Cursors, Position};

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
    /// Tenants with a cursor.
    pub positions: HashMap<String, Position>,
    /// Where tenants without a cursor start: at what is committed from now on, else at the beginning.
    pub from_now: bool,
    /// Empty: all.
    pub types: HashSet<String>,
}

pub(crate) fn parse(owner: Owner, cursors: &Cursors, tenancy: Tenancy, request: FollowRequest) -> Result<Wish, Error> {
    let mut violations = Violations::new();
    let start = StartPoint::try_from(request.start).ok();
    if start.is_none() {
        violations.add("start", "unknown value: use START_POINT_BEGINNING or START_POINT_NOW");
    }
    let start = start.unwrap_or(StartPoint::Unspecified);
    if request.types.len() > TYPES_MAX {
        violations.add("types", format!("at most {TYPES_MAX} types"));
    } else if !request.types.is_empty() {
        let known = owner.types();
        for (index, name) in request.types.iter().enumerate() {
            if !known.contains(name.as_str()) {
                violations.add(format!("types[{index}]"), "is not a type of event of this feed");
            }
        }
    }
    let mut given: Vec<(String, String)> = Vec::new();
    match &tenancy {
        Tenancy::One(tenant) => {
            if !request.tenant_cursors.is_empty() {
                violations.add(
                    "tenant_cursors",
                    "only services of the suite follow several tenants: use cursor",
                );
            }
            match (request.cursor.is_empty(), start) {
                (true, StartPoint::Unspecified) => violations.add("start", "required without a cursor"),
                (false, StartPoint::Beginning | StartPoint::Now) => {
                    violations.add("start", "must not be given with a cursor");
                }
                (true, _) => {}
                (false, _) => given.push((tenant.clone(), request.cursor)),
            }
        }
        Tenancy::All => {
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
        let position = cursors.read(&tenant, &cursor)?;
        positions.insert(tenant, position);
    }
    Ok(Wish {
        tenancy,
        positions,
        from_now: start == StartPoint::Now,
        types: request.types.into_iter().collect(),
    })
}

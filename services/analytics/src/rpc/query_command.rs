//! What a `QueryKpis` request asks for, once it is known to be right.

use chrono::{DateTime, Months, Utc};
use chrono_tz::Tz;
use prost_types::Timestamp;
use vorrang_api::analytics::v1::{Clock as ApiClock, Comparison, DimensionFilter, Grain as ApiGrain, QueryKpisRequest};
use vorrang_error::{Error, Violations};
use vorrang_filter::hint;
use vorrang_service::Page;

use super::ready::moment;
use crate::buckets::{self, Grain, Micros};
use crate::compare::Earlier;
use crate::dimensions::{DIMENSIONS, Dimension};
use crate::kpis::{self, Clock, Kpi, Variant};
use crate::query::{Filter, Query};

const KPIS_MAX: usize = 20;
const DIMENSIONS_MAX: usize = 3;
const FILTERS_MAX: usize = 20;
const VALUES_MAX: usize = 1_000;
const YEARS_MAX: u32 = 10;
/// Most rows in an answer or a page, as the contract says.
pub const ROWS_MAX: usize = 10_000;

/// Where a page begins: the moment of asking of the first one, and how many rows were given.
pub type Position = (Micros, u64);

/// The things of a page, of all things as of a moment, and the token of the next page.
pub fn cut<T>(page: &Page<Position>, as_of: Micros, all: impl Iterator<Item = T>) -> (Vec<T>, String) {
    let given = page.after.map_or(0, |(_, given)| given);
    let skip = usize::try_from(given).unwrap_or(usize::MAX);
    let limit = usize::try_from(page.limit()).unwrap_or(usize::MAX);
    let mut some: Vec<T> = all.skip(skip).take(limit).collect();
    let next_page_token = page.cut(&mut some, |_| (as_of, given + page.size));
    (some, next_page_token)
}

/// A request without mistakes.
pub struct Command {
    pub kpis: Vec<(&'static Kpi, &'static Variant)>,
    pub from: Micros,
    pub to: Micros,
    pub zone: Tz,
    pub clock: Clock,
    pub grain: Option<Grain>,
    pub by: Vec<Dimension>,
    pub filters: Vec<Filter>,
    /// None: now.
    pub as_of: Option<Micros>,
    pub wait_for_latest: bool,
    /// Earlier periods to stand beside every row.
    pub earlier: Vec<Earlier>,
    /// None: all rows in one answer.
    pub page: Option<Page<Position>>,
}

impl AsRef<Command> for Command {
    fn as_ref(&self) -> &Command {
        self
    }
}

impl Command {
    /// Reads a request. Fails with Invalid, naming everything that is wrong.
    pub fn parse(request: QueryKpisRequest) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let page = page(&request, &mut violations);
        let kpis = figures(&request, &mut violations);
        let (from, to) = period(&request, &mut violations);
        let zone = match request.time_zone.as_str() {
            "" => Tz::UTC,
            name => name.parse().unwrap_or_else(|_| {
                violations.add("time_zone", "is not an IANA time zone, for example Europe/Berlin");
                Tz::UTC
            }),
        };
        let clock = clock(request.clock, &mut violations);
        let grain = grain(request.grain, &mut violations);
        of_days(&kpis, (from, to), zone, grain, &mut violations);
        let by = dimensions(&request.dimensions, &kpis, &mut violations);
        let filters = filters(request.filters, &kpis, &mut violations);
        let as_of = request
            .as_of
            .as_ref()
            .and_then(|at| moment("as_of", at, &mut violations));
        let earlier = earlier(&request.compare_with, &mut violations);
        violations.into_result()?;
        let pinned = page.as_ref().and_then(|page| page.after);
        Ok(Self {
            kpis,
            from: from.timestamp_micros(),
            to: to.timestamp_micros(),
            zone,
            clock,
            grain,
            by,
            filters,
            as_of: pinned.map(|(as_of, _)| as_of).or(as_of.map(|at| at.timestamp_micros())),
            wait_for_latest: request.wait_for_latest && pinned.is_none(),
            earlier,
            page,
        })
    }

    /// The question about one of its figures.
    pub fn query(&self, kpi: &'static Kpi, variant: &'static Variant) -> Query<'_> {
        Query {
            kpi,
            variant,
            clock: self.clock,
            from: self.from,
            to: self.to,
            zone: self.zone,
            grain: self.grain,
            by: &self.by,
            filters: &self.filters,
        }
    }

    /// Whether rows stand beside the total.
    pub fn is_split(&self) -> bool {
        self.grain.is_some() || !self.by.is_empty()
    }
}

fn page(request: &QueryKpisRequest, violations: &mut Violations) -> Option<Page<Position>> {
    if request.page_size == 0 && request.page_token.is_empty() {
        return None;
    }
    let others = QueryKpisRequest {
        page_size: 0,
        page_token: String::new(),
        ..request.clone()
    };
    let mut page = Page::parse(
        request.page_size,
        &request.page_token,
        &[&format!("{others:?}")],
        violations,
    );
    // Figures come in larger pages than things.
    if let Ok(size @ 1..) = u64::try_from(request.page_size) {
        page.size = size.min(ROWS_MAX as u64);
    }
    Some(page)
}

fn earlier(named: &[i32], violations: &mut Violations) -> Vec<Earlier> {
    let mut found = Vec::new();
    for (place, name) in named.iter().enumerate() {
        let earlier = match Comparison::try_from(*name) {
            Ok(Comparison::PreviousPeriod) => Earlier::Period,
            Ok(Comparison::PreviousYear) => Earlier::Year,
            Ok(Comparison::Unspecified) | Err(_) => {
                violations.add(format!("compare_with[{place}]"), "is not a comparison of this version");
                continue;
            }
        };
        if found.contains(&earlier) {
            violations.add(format!("compare_with[{place}]"), "is named twice");
        } else {
            found.push(earlier);
        }
    }
    found
}

fn figures(request: &QueryKpisRequest, violations: &mut Violations) -> Vec<(&'static Kpi, &'static Variant)> {
    if request.kpis.is_empty() || request.kpis.len() > KPIS_MAX {
        violations.add("kpis", format!("needs 1 to {KPIS_MAX} ids"));
        return Vec::new();
    }
    let mut found = Vec::new();
    for (place, id) in request.kpis.iter().enumerate() {
        let field = format!("kpis[{place}]");
        let Some(kpi) = kpis::find(id) else {
            let hint = hint(id, kpis::ALL.iter().map(|kpi| kpi.id));
            violations.add(field, format!("is not a key figure of ListKpis{hint}"));
            continue;
        };
        if request.kpis.iter().take(place).any(|earlier| earlier == id) {
            violations.add(field, "is asked for twice");
            continue;
        }
        match kpi.variant(&request.variant) {
            Some(variant) => found.push((kpi, variant)),
            None => {
                let known = kpi
                    .variants
                    .iter()
                    .map(|variant| variant.id)
                    .filter(|id| !id.is_empty());
                let hint = hint(&request.variant, known);
                violations.add("variant", format!("is not a variant of {}{hint}", kpi.id));
            }
        }
    }
    found
}

fn period(request: &QueryKpisRequest, violations: &mut Violations) -> (DateTime<Utc>, DateTime<Utc>) {
    let mut required = |field: &str, at: &Option<Timestamp>| match at {
        Some(at) => moment(field, at, violations),
        None => {
            violations.add(field, "is required");
            None
        }
    };
    let from = required("from", &request.from);
    let to = required("to", &request.to);
    if let (Some(from), Some(to)) = (from, to) {
        if to <= from {
            violations.add("to", "must be after from");
        } else if from
            .checked_add_months(Months::new(12 * YEARS_MAX))
            .is_some_and(|longest| to > longest)
        {
            violations.add("to", format!("must be at most {YEARS_MAX} years after from"));
        }
    }
    (from.unwrap_or_default(), to.unwrap_or_default())
}

fn clock(clock: i32, violations: &mut Violations) -> Clock {
    match ApiClock::try_from(clock) {
        Ok(ApiClock::Unspecified | ApiClock::Elapsed) => Clock::Elapsed,
        Ok(ApiClock::Business) => Clock::Business,
        Err(_) => {
            violations.add("clock", "is not a clock of this version");
            Clock::Elapsed
        }
    }
}

/// Some figures compare days: their period has only whole ones.
fn of_days(
    kpis: &[(&'static Kpi, &'static Variant)],
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    zone: Tz,
    grain: Option<Grain>,
    violations: &mut Violations,
) {
    let Some((kpi, _)) = kpis.iter().find(|(kpi, _)| kpi.id == kpis::WHOLE_DAYS) else {
        return;
    };
    for (field, at) in [("from", from), ("to", to)] {
        let at = at.timestamp_micros();
        if buckets::midnight(zone, buckets::local_date(zone, at)) != at {
            violations.add(
                field,
                format!("must be a midnight in the time zone: {} compares whole days", kpi.id),
            );
        }
    }
    if grain == Some(Grain::Hour) {
        violations.add(
            "grain",
            format!("must be a day or longer: {} compares whole days", kpi.id),
        );
    }
}

fn grain(grain: i32, violations: &mut Violations) -> Option<Grain> {
    match ApiGrain::try_from(grain) {
        Ok(ApiGrain::Unspecified) => None,
        Ok(ApiGrain::Hour) => Some(Grain::Hour),
        Ok(ApiGrain::Day) => Some(Grain::Day),
        Ok(ApiGrain::Week) => Some(Grain::Week),
        Ok(ApiGrain::Month) => Some(Grain::Month),
        Ok(ApiGrain::Quarter) => Some(Grain::Quarter),
        Ok(ApiGrain::Year) => Some(Grain::Year),
        Err(_) => {
            violations.add("grain", "is not a grain of this version");
            None
        }
    }
}

fn dimensions(
    names: &[String],
    kpis: &[(&'static Kpi, &'static Variant)],
    violations: &mut Violations,
) -> Vec<Dimension> {
    if names.len() > DIMENSIONS_MAX {
        violations.add("dimensions", format!("takes at most {DIMENSIONS_MAX}"));
        return Vec::new();
    }
    let mut by = Vec::new();
    for (place, name) in names.iter().enumerate() {
        let field = format!("dimensions[{place}]");
        if let Some(dimension) = dimension(&field, name, kpis, violations) {
            if by.contains(&dimension) {
                violations.add(field, "is named twice");
            } else {
                by.push(dimension);
            }
        }
    }
    by
}

fn filters(
    filters: Vec<DimensionFilter>,
    kpis: &[(&'static Kpi, &'static Variant)],
    violations: &mut Violations,
) -> Vec<Filter> {
    if filters.len() > FILTERS_MAX {
        violations.add("filters", format!("takes at most {FILTERS_MAX}"));
        return Vec::new();
    }
    let mut found = Vec::new();
    for (place, filter) in filters.into_iter().enumerate() {
        let field = format!("filters[{place}].dimension");
        if filter.values.is_empty() || filter.values.len() > VALUES_MAX {
            violations.add(
                format!("filters[{place}].values"),
                format!("needs 1 to {VALUES_MAX} values"),
            );
        }
        if let Some(dimension) = dimension(&field, &filter.dimension, kpis, violations) {
            let values = filter
                .values
                .into_iter()
                .map(|value| Some(value).filter(|value| !value.is_empty()))
                .collect();
            found.push(Filter { dimension, values });
        }
    }
    found
}

fn dimension(
    field: &str,
    name: &str,
    kpis: &[(&'static Kpi, &'static Variant)],
    violations: &mut Violations,
) -> Option<Dimension> {
    let Some(dimension) = Dimension::find(name) else {
        let names: Vec<&str> = DIMENSIONS.iter().map(|dimension| dimension.name()).collect();
        let hint = hint(name, names.iter().copied());
        violations.add(field, format!("must be one of {}{hint}", names.join(", ")));
        return None;
    };
    if let Some((kpi, _)) = kpis.iter().find(|(kpi, _)| !kpi.dimensions.contains(&dimension)) {
        let can: Vec<&str> = kpi.dimensions.iter().map(|dimension| dimension.name()).collect();
        let why = match can.as_slice() {
            [] => format!("{} cannot be split at all: it is made of other figures", kpi.id),
            can => format!("{} cannot be split by it, only by {}", kpi.id, can.join(", ")),
        };
        violations.add(field, why);
        return None;
    }
    Some(dimension)
}

#[cfg(test)]
mod tests;

//! From arguments to a question.

use chrono::{DateTime, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use vorrang_analytics::buckets;
use vorrang_api::analytics::v1::{Clock, DimensionFilter, Grain, QueryKpisRequest};
use vorrang_error::{Error, Violations};

use super::{ClockArg, GrainArg, KpiArgs, comparison};

/// Without `--from` a period has so many days.
const DAYS: u64 = 30;

/// `dimension=value,value`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    dimension: String,
    values: Vec<String>,
}

/// Reads a filter.
pub fn filter(text: &str) -> Result<Filter, String> {
    let (dimension, values) = text
        .split_once('=')
        .ok_or("must be dimension=value, for example channel=chat")?;
    Ok(Filter {
        dimension: dimension.trim().to_owned(),
        values: values.split(',').map(|value| value.trim().to_owned()).collect(),
    })
}

/// What is asked.
#[derive(Debug)]
pub struct Question {
    pub request: QueryKpisRequest,
    pub zone: Tz,
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

impl Question {
    /// The question of `args` at `now`. Fails with Invalid, naming everything that is wrong; the suite checks the rest.
    pub fn of(args: &KpiArgs, now: DateTime<Utc>) -> Result<Self, Error> {
        let mut violations = Violations::new();
        let zone: Tz = args.zone.parse().unwrap_or_else(|_| {
            violations.add("--zone", "is not an IANA time zone, for example Europe/Berlin");
            Tz::UTC
        });
        let today = buckets::local_date(zone, now.timestamp_micros());
        let mut read = |name: &str, text: &Option<String>| {
            let text = text.as_ref()?;
            let read = instant(zone, text);
            if read.is_none() {
                violations.add(
                    name,
                    "is neither a date (2026-03-02) nor an instant (2026-03-02T10:00:00+01:00)",
                );
            }
            read
        };
        let (from, to) = (read("--from", &args.from), read("--to", &args.to));
        let as_of = read("--as-of", &args.as_of);
        let to = to
            .or_else(|| midnight(zone, today.checked_add_days(Days::new(1))?))
            .unwrap_or(now);
        let last = buckets::local_date(zone, to.timestamp_micros());
        let from = from
            .or_else(|| midnight(zone, last.checked_sub_days(Days::new(DAYS))?))
            .unwrap_or(now);
        let mut kpis = Vec::new();
        let mut variant = None;
        for name in &args.names {
            let (id, of_this) = name.split_once('/').unwrap_or((name, ""));
            kpis.push(id.to_owned());
            if variant.is_some_and(|variant| variant != of_this) {
                violations.add("NAME", "all figures of a question have one variant");
            }
            variant = Some(of_this);
        }
        violations.into_result()?;
        let filters = args.filters.iter().map(|filter| DimensionFilter {
            dimension: filter.dimension.clone(),
            values: filter.values.clone(),
        });
        let request = QueryKpisRequest {
            kpis,
            variant: variant.unwrap_or_default().to_owned(),
            from: Some(vorrang_api::timestamp(from)),
            to: Some(vorrang_api::timestamp(to)),
            time_zone: args.zone.clone(),
            grain: args.grain.map_or(Grain::Unspecified, grain).into(),
            dimensions: args.by.clone(),
            filters: filters.collect(),
            // Both questions of a table are of one moment.
            as_of: Some(vorrang_api::timestamp(as_of.unwrap_or(now))),
            wait_for_latest: true,
            clock: match args.clock {
                ClockArg::Elapsed => Clock::Elapsed,
                ClockArg::Business => Clock::Business,
            }
            .into(),
            compare_with: args.compare.iter().map(|one| comparison(*one).into()).collect(),
            ..QueryKpisRequest::default()
        };
        Ok(Self {
            request,
            zone,
            from,
            to,
        })
    }

    /// The same without buckets.
    pub fn whole(&self) -> QueryKpisRequest {
        QueryKpisRequest {
            grain: Grain::Unspecified.into(),
            ..self.request.clone()
        }
    }
}

fn grain(grain: GrainArg) -> Grain {
    match grain {
        GrainArg::Hour => Grain::Hour,
        GrainArg::Day => Grain::Day,
        GrainArg::Week => Grain::Week,
        GrainArg::Month => Grain::Month,
        GrainArg::Quarter => Grain::Quarter,
        GrainArg::Year => Grain::Year,
    }
}

fn midnight(zone: Tz, date: NaiveDate) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros(buckets::midnight(zone, date))
}

/// A date means its local midnight.
fn instant(zone: Tz, text: &str) -> Option<DateTime<Utc>> {
    match text.parse::<NaiveDate>() {
        Ok(date) => midnight(zone, date),
        Err(_) => DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: KpiArgs,
    }

    fn question(line: &str) -> Result<Question, Error> {
        let words = ["kpi", "--key", "k"].into_iter().chain(line.split_whitespace());
        let line = Line::try_parse_from(words).unwrap_or_else(|why| panic!("{why}"));
        let now = DateTime::parse_from_rfc3339("2026-03-30T22:30:00Z").expect("a time");
        Question::of(&line.args, now.to_utc())
    }

    #[test]
    fn thirty_days_up_to_and_with_today_unless_said_otherwise() {
        let asked = question("csat --zone Europe/Berlin").expect("a question");
        // In Berlin it is the 31st already.
        assert_eq!(asked.to.to_rfc3339(), "2026-03-31T22:00:00+00:00");
        assert_eq!(
            asked.from.to_rfc3339(),
            "2026-03-01T23:00:00+00:00",
            "before the clocks changed"
        );
        let asked = question("csat --from 2026-03-02 --to 2026-03-02T12:00:00+01:00").expect("a question");
        assert_eq!((asked.to - asked.from).num_hours(), 11);
    }

    #[test]
    fn everything_that_is_said_is_asked() {
        let line = "csat/mean --by channel,agent --grain week --clock business --compare previous-period,previous-year \
                    --filter channel=chat, --filter agent=agents/a";
        let request = question(line).expect("a question").request;
        assert_eq!(
            (request.kpis.as_slice(), request.variant.as_str()),
            (&["csat".to_owned()][..], "mean")
        );
        assert_eq!((request.grain(), request.clock()), (Grain::Week, Clock::Business));
        assert_eq!(request.dimensions, ["channel", "agent"]);
        assert_eq!(request.compare_with, [1, 2]);
        assert_eq!(request.filters[0].values, ["chat", ""]);
        assert_eq!(request.filters[1].values, ["agents/a"]);
    }

    #[test]
    fn mistakes_are_named_together() {
        let error = question("csat nps/transactional --zone Mars/Olympus --from soon").expect_err("is refused");
        let fields: Vec<&str> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["--zone", "--from", "NAME"]);
        assert!(filter("channel").is_err());
    }
}

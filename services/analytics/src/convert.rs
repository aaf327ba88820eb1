//! From the domain to the contract.

pub mod explanation;
pub mod grades;
pub mod insights;

use std::collections::BTreeMap;

use vorrang_api::analytics::v1::kpi::{Direction as ApiDirection, Unit as ApiUnit};
use vorrang_api::analytics::v1::{Comparison, FeedPosition, Kpi as ApiKpi, KpiBenchmark, KpiComparison, KpiRow};

use crate::buckets::Micros;
use crate::compare::{Earlier, Then};
use crate::dimensions::Dimension;
use crate::facts::{Benchmark, Strings};
use crate::kpis::{Direction, Kpi, Unit};
use crate::projection::{OWNERS, Position};
use crate::query::{Answer, Figures, Named, Row};

/// A definition.
pub fn kpi(kpi: &Kpi) -> ApiKpi {
    ApiKpi {
        id: kpi.id.to_owned(),
        version: kpi.version,
        title: kpi.title.to_owned(),
        formula: kpi.formula.to_owned(),
        unit: unit(kpi.unit).into(),
        direction: match kpi.direction {
            Direction::Higher => ApiDirection::HigherIsBetter,
            Direction::Lower => ApiDirection::LowerIsBetter,
            Direction::Neutral => ApiDirection::Neutral,
        }
        .into(),
        cohort_rule: kpi.cohort_rule.to_owned(),
        actor_rule: kpi.actor_rule.to_owned(),
        calendar_rule: kpi.calendar_rule.to_owned(),
        null_rule: kpi.null_rule.to_owned(),
        dimensions: kpi
            .dimensions
            .iter()
            .map(|dimension| dimension.name().to_owned())
            .collect(),
        variants: kpi
            .variants
            .iter()
            .map(|variant| variant.id.to_owned())
            .filter(|id| !id.is_empty())
            .collect(),
        variant_units: kpi
            .variants
            .iter()
            .filter(|variant| !variant.id.is_empty())
            .map(|variant| unit(variant.unit).into())
            .collect(),
    }
}

fn unit(unit: Unit) -> ApiUnit {
    match unit {
        Unit::Count => ApiUnit::Count,
        Unit::Seconds => ApiUnit::Seconds,
        Unit::Percent => ApiUnit::Percent,
        Unit::Score => ApiUnit::Score,
        Unit::Ratio => ApiUnit::Ratio,
    }
}

/// An outside figure.
pub fn benchmark(benchmark: &Benchmark, strings: &Strings) -> KpiBenchmark {
    KpiBenchmark {
        kpi: strings.text(benchmark.kpi).to_owned(),
        label: strings.text(benchmark.label).to_owned(),
        value: benchmark.value,
        valid_from: timestamp(benchmark.valid_from),
    }
}

/// The rows of an answer about `kpi`. `split`: the total comes first and is marked; otherwise it is the only row.
pub fn rows(kpi: &str, answer: Answer, by: &[Dimension], split: bool) -> Vec<KpiRow> {
    // Some split themselves.
    let split = split || !answer.rows.is_empty();
    let mut rows = vec![KpiRow {
        is_total: split,
        ..figures(kpi, answer.total)
    }];
    rows.extend(answer.rows.into_iter().map(|row| self::row(kpi, row, by)));
    rows
}

fn row(kpi: &str, row: Row, by: &[Dimension]) -> KpiRow {
    let names = by.iter().map(|dimension| dimension.name().to_owned());
    let values = row.key.into_iter().map(Option::unwrap_or_default);
    let own = row
        .own
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.unwrap_or_default()));
    KpiRow {
        bucket_start_at: row.bucket.and_then(timestamp),
        key: names.zip(values).chain(own).collect(),
        ..figures(kpi, row.figures)
    }
}

/// The numbers of a row.
pub fn figures(kpi: &str, figures: Figures) -> KpiRow {
    let word = |name: &str| match figures.named(name) {
        Some(Named::Word(word)) => word.to_owned(),
        _ => String::new(),
    };
    let details = figures.named.iter().filter_map(|(name, value)| match value {
        Named::Number(number) => Some(((*name).to_owned(), *number)),
        Named::Word(_) => None,
    });
    KpiRow {
        details: details.collect(),
        grade: word("grade"),
        band: word("band"),
        kpi: kpi.to_owned(),
        is_total: false,
        bucket_start_at: None,
        key: BTreeMap::new(),
        value: figures.value,
        count: signed(figures.count),
        sum: figures.sum,
        numerator: figures.numerator,
        denominator: figures.denominator,
        open_count: signed(figures.open),
        mean: figures.mean,
        median: figures.median,
        p90: figures.p90,
        p95: figures.p95,
        p99: figures.p99,
        low: figures.low,
        high: figures.high,
        comparisons: Vec::new(),
    }
}

/// What a row with the value `now` was earlier.
pub fn comparisons(now: Option<f64>, then: &[Then]) -> Vec<KpiComparison> {
    let one = |then: &Then| {
        let before = then.figures.as_ref().and_then(|figures| figures.value);
        let change = now.zip(before).map(|(now, before)| now - before);
        let share = |(change, before): (f64, f64)| (before != 0.0).then(|| 100.0 * change / before.abs());
        KpiComparison {
            comparison: match then.earlier {
                Earlier::Period => Comparison::PreviousPeriod,
                Earlier::Year => Comparison::PreviousYear,
            }
            .into(),
            from: timestamp(then.from),
            to: timestamp(then.to),
            value: before,
            count: then.figures.as_ref().map_or(0, |figures| signed(figures.count)),
            change,
            change_percent: change.zip(before).and_then(share),
        }
    };
    then.iter().map(one).collect()
}

/// A count as contracts have it.
pub fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// How far each feed was read.
pub fn feeds(positions: [Position; 3]) -> Vec<FeedPosition> {
    OWNERS
        .iter()
        .zip(positions)
        .map(|(owner, position)| FeedPosition {
            owner: owner.name().to_owned(),
            seq: position.seq,
            caught_up_at: position.caught_up_at.and_then(timestamp),
        })
        .collect()
}

/// None only for moments that no calendar has.
pub fn timestamp(at: Micros) -> Option<prost_types::Timestamp> {
    chrono::DateTime::from_timestamp_micros(at).map(vorrang_api::timestamp)
}

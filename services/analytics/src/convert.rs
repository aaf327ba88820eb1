//! From the domain to the contract.

use std::collections::BTreeMap;

use vorrang_api::analytics::v1::kpi::{Direction as ApiDirection, Unit as ApiUnit};
use vorrang_api::analytics::v1::{FeedPosition, Kpi as ApiKpi, KpiRow};

use crate::buckets::Micros;
use crate::kpis::{Dimension, Direction, Kpi, Unit};
use crate::projection::{OWNERS, Position};
use crate::query::{Answer, Figures, Row};

/// A definition.
pub fn kpi(kpi: &Kpi) -> ApiKpi {
    ApiKpi {
        id: kpi.id.to_owned(),
        version: kpi.version,
        title: kpi.title.to_owned(),
        formula: kpi.formula.to_owned(),
        unit: match kpi.unit {
            Unit::Count => ApiUnit::Count,
            Unit::Seconds => ApiUnit::Seconds,
            Unit::Percent => ApiUnit::Percent,
        }
        .into(),
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
    }
}

/// The rows of an answer about `kpi`. `split`: the total comes first and is marked; otherwise it is the only row.
pub fn rows(kpi: &str, answer: Answer, by: &[Dimension], split: bool) -> Vec<KpiRow> {
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
    KpiRow {
        bucket_start_at: row.bucket.and_then(timestamp),
        key: names.zip(values).collect(),
        ..figures(kpi, row.figures)
    }
}

fn figures(kpi: &str, figures: Figures) -> KpiRow {
    KpiRow {
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
    }
}

fn signed(count: u64) -> i64 {
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

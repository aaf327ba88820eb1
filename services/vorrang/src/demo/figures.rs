//! The key figures, as a table that a person enjoys reading.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use vorrang_api::analytics::v1::kpi::{Direction, Unit};
use vorrang_api::analytics::v1::{Grain, Kpi, KpiRow, ListKpisRequest, QueryKpisRequest};
use vorrang_api::from_timestamp;
use vorrang_error::Error;

use super::desk::{Desk, refused};
use crate::figure::{NOTHING, number};
use crate::table::{Align, Cell, Paint, Table};

/// In the order in which a head of service reads them.
const TOTALS: [&str; 7] = [
    "tickets_created",
    "tickets_solved",
    "queue_wait_time",
    "first_response_time",
    "full_resolution_time",
    "csat",
    "self_service_rate",
];

/// What is split by a dimension: with more columns a terminal is too narrow.
const SPLIT: [&str; 6] = [
    "tickets_created",
    "tickets_solved",
    "queue_wait_time",
    "first_response_time",
    "full_resolution_time",
    "csat",
];

/// Days shown at most: the newest.
const DAYS_MAX: usize = 10;

/// Which tickets to look at.
#[derive(Clone, Copy)]
pub struct Period {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
}

/// Asks analytics and gives the tables as text.
pub async fn show(desk: &Desk, period: Period, paint: Paint) -> Result<String, Error> {
    let listed = desk
        .client
        .kpis()
        .list_kpis(ListKpisRequest {})
        .await
        .map_err(refused("ListKpis"))?;
    let kpis: BTreeMap<String, Kpi> = listed
        .into_inner()
        .kpis
        .into_iter()
        .map(|kpi| (kpi.id.clone(), kpi))
        .collect();

    let mut text = totals(
        &query(desk, period, &TOTALS, &[], Grain::Unspecified).await?,
        &kpis,
        paint,
    );
    for (dimension, title) in [("channel", "channel"), ("tier", "tier"), ("agent", "agent")] {
        let asked: Vec<&str> = SPLIT
            .into_iter()
            // Nobody has a ticket when it is created.
            .filter(|id| !(dimension == "agent" && *id == "tickets_created"))
            .filter(|id| {
                kpis.get(*id)
                    .is_some_and(|kpi| kpi.dimensions.iter().any(|one| one == dimension))
            })
            .collect();
        let rows = query(desk, period, &asked, &[dimension], Grain::Unspecified).await?;
        text.push_str(&split(&rows, &asked, &kpis, title, paint, |row| {
            let value = row.key.get(dimension).map(String::as_str).unwrap_or_default();
            (!row.is_total).then(|| label(value))
        }));
    }
    let rows = query(desk, period, &SPLIT, &[], Grain::Day).await?;
    let mut days: Vec<String> = rows.iter().filter_map(day).collect();
    days.sort();
    days.dedup();
    // One day says nothing that the totals have not said.
    if days.len() > 1 {
        let newest: Vec<String> = days.split_off(days.len().saturating_sub(DAYS_MAX));
        text.push_str(&split(&rows, &SPLIT, &kpis, "day", paint, |row| {
            day(row).filter(|day| newest.contains(day))
        }));
    }
    Ok(text)
}

fn day(row: &KpiRow) -> Option<String> {
    if row.count == 0 && row.open_count == 0 {
        return None;
    }
    let start = row.bucket_start_at.as_ref().and_then(from_timestamp)?;
    Some(start.format("%Y-%m-%d").to_string())
}

async fn query(
    desk: &Desk,
    period: Period,
    kpis: &[&str],
    dimensions: &[&str],
    grain: Grain,
) -> Result<Vec<KpiRow>, Error> {
    let request = QueryKpisRequest {
        kpis: kpis.iter().map(|id| (*id).to_owned()).collect(),
        from: Some(vorrang_api::timestamp(period.from)),
        to: Some(vorrang_api::timestamp(period.to)),
        grain: grain.into(),
        dimensions: dimensions.iter().map(|name| (*name).to_owned()).collect(),
        // Everything that the demo did is in the figures, or the call fails.
        wait_for_latest: true,
        ..QueryKpisRequest::default()
    };
    let mut request = tonic::Request::new(request);
    request.set_timeout(std::time::Duration::from_secs(20));
    Ok(desk
        .client
        .kpis()
        .query_kpis(request)
        .await
        .map_err(refused("QueryKpis"))?
        .into_inner()
        .rows)
}

fn totals(rows: &[KpiRow], kpis: &BTreeMap<String, Kpi>, paint: Paint) -> String {
    let mut table = Table::new(&[
        ("figure", Align::Left),
        ("value", Align::Right),
        ("median", Align::Right),
        ("p90", Align::Right),
        ("of", Align::Right),
        ("open", Align::Right),
        ("better", Align::Left),
    ]);
    for row in rows {
        let Some(kpi) = kpis.get(&row.kpi) else {
            continue;
        };
        let better = match kpi.direction() {
            Direction::HigherIsBetter => "↑ more",
            Direction::LowerIsBetter => "↓ less",
            Direction::Neutral | Direction::Unspecified => "",
        };
        table.row(vec![
            kpi.title.clone().into(),
            value(row.value, kpi.unit(), Paint::bold),
            number(row.median, kpi.unit()).into(),
            number(row.p90, kpi.unit()).into(),
            row.count.to_string().into(),
            if row.open_count == 0 {
                "".into()
            } else {
                row.open_count.to_string().into()
            },
            Cell::styled(better, Paint::dim),
        ]);
    }
    format!("\n{}", table.render(paint))
}

/// A row for each label, a column for each KPI.
fn split(
    rows: &[KpiRow],
    asked: &[&str],
    kpis: &BTreeMap<String, Kpi>,
    title: &'static str,
    paint: Paint,
    label: impl Fn(&KpiRow) -> Option<String>,
) -> String {
    let mut by_label: BTreeMap<String, BTreeMap<&str, &KpiRow>> = BTreeMap::new();
    for row in rows {
        if let Some(label) = label(row) {
            by_label.entry(label).or_default().insert(row.kpi.as_str(), row);
        }
    }
    let mut head = vec![(title, Align::Left)];
    head.extend(asked.iter().map(|id| (short(id), Align::Right)));
    let mut table = Table::new(&head);
    // A row without any value says nothing.
    by_label.retain(|_, cells| cells.values().any(|row| row.value.is_some()));
    for (label, cells) in &by_label {
        let mut row: Vec<Cell> = vec![label.clone().into()];
        for id in asked {
            let unit = kpis.get(*id).map_or(Unit::Unspecified, |kpi| kpi.unit());
            row.push(match cells.get(id) {
                Some(found) => value(found.value, unit, |_, text| text.to_owned()),
                None => Cell::styled(NOTHING, Paint::dim),
            });
        }
        table.row(row);
    }
    if table.is_empty() {
        String::new()
    } else {
        format!("\n{}", table.render(paint))
    }
}

fn value(value: Option<f64>, unit: Unit, style: fn(Paint, &str) -> String) -> Cell {
    match value {
        Some(_) => Cell::styled(number(value, unit), style),
        None => Cell::styled(NOTHING, Paint::dim),
    }
}

fn label(value: &str) -> String {
    match value {
        "" => "(nobody)".to_owned(),
        // `CHANNEL_EMAIL` is how the contract spells it, `email` how people do.
        other => other
            .trim_start_matches("CHANNEL_")
            .trim_start_matches("agents/")
            .to_lowercase(),
    }
}

fn short(id: &str) -> &'static str {
    match id {
        "tickets_created" => "created",
        "tickets_solved" => "solved",
        "queue_wait_time" => "in queue",
        "first_response_time" => "first reply",
        "full_resolution_time" => "to solution",
        "csat" => "CSAT",
        _ => "value",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_for_people() {
        assert_eq!("email", label("CHANNEL_EMAIL"));
        assert_eq!("anna", label("agents/anna"));
        assert_eq!("(nobody)", label(""));
    }
}

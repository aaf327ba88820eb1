//! The table: a row for each figure and key, with its course over time.

use std::collections::{BTreeMap, HashMap};

use vorrang_api::analytics::v1::kpi::{Direction, Unit};
use vorrang_api::analytics::v1::{Comparison, Kpi, KpiComparison, KpiRow};

use super::arguments::Question;
use super::series::Course;
use super::sparkline::sparkline;
use crate::figure::{NOTHING, number};
use crate::table::{Align, Cell, Paint, Table, shorten};

/// Columns that a key may take.
const KEY_MAX: usize = 40;

/// The values of the whole period, and the courses.
pub fn table(
    rows: &[KpiRow],
    courses: &HashMap<Course, Vec<Option<f64>>>,
    question: &Question,
    kpis: &BTreeMap<&str, &Kpi>,
    paint: Paint,
) -> String {
    let split = rows.iter().any(|row| !row.key.is_empty());
    let compared = rows.iter().map(|row| row.comparisons.len()).max().unwrap_or(0);
    let mut head = vec![("figure", Align::Left)];
    if split {
        head.push(("of", Align::Left));
    }
    head.push(("value", Align::Right));
    head.push(("median", Align::Right));
    head.push(("95 %", Align::Right));
    head.push(("n", Align::Right));
    head.push(("open", Align::Right));
    let earlier: Vec<_> = rows
        .iter()
        .find(|row| row.comparisons.len() == compared)
        .into_iter()
        .collect();
    for comparison in earlier.iter().flat_map(|row| &row.comparisons) {
        head.push((before(comparison), Align::Right));
        head.push(("change", Align::Right));
    }
    if !courses.is_empty() {
        head.push(("course", Align::Left));
    }
    let mut table = Table::new(&head);
    for row in rows {
        let Some(kpi) = kpis.get(row.kpi.as_str()) else {
            continue;
        };
        let unit = unit(kpi, &question.request.variant);
        let mut cells: Vec<Cell> = vec![row.kpi.clone().into()];
        if split {
            cells.push(match row.is_total {
                true => Cell::styled("all", Paint::bold),
                false => shorten(&key(row), KEY_MAX).into(),
            });
        }
        cells.push(value(row, unit));
        cells.push(number(row.median, unit).into());
        cells.push(interval(row, unit).into());
        cells.push(row.count.to_string().into());
        cells.push(
            if row.open_count == 0 {
                String::new()
            } else {
                row.open_count.to_string()
            }
            .into(),
        );
        for place in 0..compared {
            let comparison = row.comparisons.get(place);
            cells.push(match comparison.and_then(|one| one.value) {
                Some(then) => number(Some(then), unit).into(),
                None => Cell::styled(NOTHING, Paint::dim),
            });
            cells.push(change(comparison, kpi.direction()));
        }
        if !courses.is_empty() {
            let course = courses.get(&(row.kpi.clone(), row.key.clone()));
            cells.push(course.map_or_else(String::new, |values| sparkline(values)).into());
        }
        table.row(cells);
    }
    table.render(paint)
}

fn unit(kpi: &Kpi, variant: &str) -> Unit {
    let named = kpi.variants.iter().position(|known| known == variant);
    let unit = named.and_then(|place| kpi.variant_units.get(place)).copied();
    unit.and_then(|unit| Unit::try_from(unit).ok()).unwrap_or(kpi.unit())
}

fn before(comparison: &KpiComparison) -> &'static str {
    match comparison.comparison() {
        Comparison::PreviousYear => "a year ago",
        Comparison::PreviousPeriod | Comparison::Unspecified => "before",
    }
}

fn value(row: &KpiRow, unit: Unit) -> Cell {
    if !row.grade.is_empty() {
        let words = row.grade.to_lowercase().replace('_', " ");
        let shown = row.value.map_or_else(String::new, |value| format!(" ({value:.2})"));
        return Cell::styled(format!("{words}{shown}"), Paint::bold);
    }
    match row.value {
        Some(_) => Cell::styled(number(row.value, unit), Paint::bold),
        None => Cell::styled(NOTHING, Paint::dim),
    }
}

fn interval(row: &KpiRow, unit: Unit) -> String {
    match (row.low, row.high) {
        (Some(low), Some(high)) => format!("{} … {}", number(Some(low), unit), number(Some(high), unit)),
        _ => String::new(),
    }
}

/// Green or yellow by whether that is good, and an arrow for who does not see colours.
fn change(comparison: Option<&KpiComparison>, direction: Direction) -> Cell {
    let Some(change) = comparison.and_then(|one| one.change) else {
        return Cell::styled(NOTHING, Paint::dim);
    };
    let arrow = match change {
        up if up > 0.0 => "▲",
        down if down < 0.0 => "▼",
        _ => "=",
    };
    let text = match comparison.and_then(|one| one.change_percent) {
        Some(percent) => format!("{arrow} {:.0} %", percent.abs()),
        None => arrow.to_owned(),
    };
    let is_good = match direction {
        Direction::HigherIsBetter => Some(change > 0.0),
        Direction::LowerIsBetter => Some(change < 0.0),
        Direction::Neutral | Direction::Unspecified => None,
    };
    match is_good.filter(|_| change != 0.0) {
        Some(true) => Cell::styled(text, Paint::green),
        Some(false) => Cell::styled(text, Paint::yellow),
        None => text.into(),
    }
}

fn key(row: &KpiRow) -> String {
    let value = |value: &String| {
        if value.is_empty() {
            NOTHING.to_owned()
        } else {
            value.clone()
        }
    };
    let parts: Vec<String> = row.key.values().map(value).collect();
    parts.join(" · ")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use chrono_tz::Tz;
    use vorrang_api::analytics::v1::QueryKpisRequest;

    use super::*;

    #[test]
    fn a_table_has_what_was_asked_for_and_no_more() {
        let kpi = Kpi {
            id: "first_response_time".to_owned(),
            unit: Unit::Seconds.into(),
            direction: Direction::LowerIsBetter.into(),
            ..Kpi::default()
        };
        let question = Question {
            request: QueryKpisRequest::default(),
            zone: Tz::UTC,
            from: DateTime::UNIX_EPOCH,
            to: DateTime::UNIX_EPOCH,
        };
        let comparison = KpiComparison {
            comparison: Comparison::PreviousPeriod.into(),
            value: Some(120.0),
            change: Some(-60.0),
            change_percent: Some(-50.0),
            ..KpiComparison::default()
        };
        let total = KpiRow {
            kpi: kpi.id.clone(),
            is_total: true,
            value: Some(60.0),
            count: 3,
            open_count: 1,
            low: Some(20.0),
            high: Some(100.0),
            comparisons: vec![comparison],
            ..KpiRow::default()
        };
        let row = KpiRow {
            key: [("channel".to_owned(), "chat".to_owned())].into(),
            value: None,
            comparisons: Vec::new(),
            ..total.clone()
        };
        let row = KpiRow { is_total: false, ..row };
        let kpis = [(kpi.id.as_str(), &kpi)].into();
        let course = ((kpi.id.clone(), row.key.clone()), vec![Some(1.0), None, Some(7.0)]);
        let text = table(&[total, row], &[course].into(), &question, &kpis, Paint::never());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4, "{text}");
        assert!(lines[0].contains("before") && lines[0].contains("course"), "{text}");
        assert!(lines[2].contains("1 min 00 s") && lines[2].contains("▼ 50 %"), "{text}");
        assert!(lines[2].contains("20 s … 1 min 40 s"), "{text}");
        assert!(
            lines[3].contains("chat") && lines[3].contains(NOTHING) && lines[3].contains("▂ █"),
            "{text}"
        );
    }
}

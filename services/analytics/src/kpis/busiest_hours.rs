//! When customers come (D19).

use std::collections::HashMap;

use chrono::Datelike as _;

use super::contacts::contacts;
use super::{Direction, Kpi, Measure, Observe, Unit, Variant};
use crate::buckets::{self, Grain, Micros};
use crate::dimensions::{Dimension, TICKET};
use crate::query::{Answer, Cells, Figures, Named, Part, Query, Row, spans};
use crate::view::View;

pub const KPI: Kpi = Kpi {
    id: "busiest_hours",
    version: 1,
    title: "Busiest hours",
    formula: "contacts per hour of the local week: a row per day_of_week and hour_of_day with a contact, its contacts ÷ number of such \
              days in the period, and the most on one of them (peak); the total is the busiest row's value and all contacts",
    unit: Unit::Ratio,
    direction: Direction::Neutral,
    cohort_rule: "event: the first message of the turn was in the period",
    actor_rule: "the customer, so no agent",
    calendar_rule: "schedules do not matter",
    null_rule: "nobody came in the period",
    dimensions: TICKET,
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Own,
        observe: Observe::Answers(answer),
    }],
};

/// What every row is about beside the dimensions asked for.
const OWN: &[&str] = &["day_of_week", "hour_of_day"];

fn answer(view: &View<'_>, query: &Query<'_>) -> Answer {
    // How often each day of the week is in the period.
    let mut days = [0_u32; 8];
    for day in spans(query, Grain::Day) {
        let local = buckets::local_time(query.zone, day.start);
        days[local.weekday().number_from_monday() as usize] += 1;
    }
    let whole = Query {
        grain: None,
        ..query.clone()
    };
    let mut cells = Cells::with_own(view, &whole, OWN);
    // Contacts by key and local day: the most on one day is the peak.
    let mut by_day: HashMap<(Vec<Part>, Micros), u32> = HashMap::new();
    let mut total = 0_u64;
    contacts(view, &mut |contact| {
        if !cells.is_inside(&contact) || !cells.fits(&contact) {
            return;
        }
        total += 1;
        let part = |dimension: Dimension| {
            dimension
                .of_time(query.zone, contact.at)
                .map_or(Part::None, Part::Number)
        };
        let own = [part(Dimension::DayOfWeek), part(Dimension::HourOfDay)];
        let day = buckets::local_time(query.zone, contact.at).date();
        for key in cells.keys(&contact, &own) {
            *by_day.entry((key, Micros::from(day.num_days_from_ce()))).or_default() += 1;
        }
        cells.own_row(&contact, &own);
    });
    let mut peaks: HashMap<Vec<Option<String>>, u32> = HashMap::new();
    for ((key, _), count) in by_day {
        let told = key.into_iter().map(|part| part.told(view.facts().strings())).collect();
        let peak = peaks.entry(told).or_default();
        *peak = (*peak).max(count);
    }
    let (_, rows) = cells.finish();
    let mut best = Figures {
        count: total,
        ..Figures::default()
    };
    let mut told = Vec::with_capacity(rows.len());
    for (row, tally) in rows {
        let key: Vec<Option<String>> = row
            .key
            .iter()
            .cloned()
            .chain(row.own.iter().map(|(_, value)| value.clone()))
            .collect();
        let weekday = row
            .own
            .first()
            .and_then(|(_, value)| value.as_ref()?.parse::<usize>().ok());
        let times = weekday.and_then(|weekday| days.get(weekday)).copied().unwrap_or(0);
        let value = (times > 0).then(|| tally.count() as f64 / f64::from(times));
        let peak = f64::from(peaks.get(&key).copied().unwrap_or(0));
        if value > best.value {
            best.value = value;
        }
        let figures = Figures {
            value,
            count: tally.count(),
            named: vec![("peak", Named::Number(peak))],
            ..Figures::default()
        };
        told.push(Row { figures, ..row });
    }
    let peak = |row: &Row| match row.figures.named("peak") {
        Some(Named::Number(peak)) => peak,
        _ => 0.0,
    };
    let highest = told.iter().map(peak).fold(0.0, f64::max);
    if total > 0 {
        best.named.push(("peak", Named::Number(highest)));
    }
    Answer {
        total: best,
        rows: told,
    }
}

//! The five grades of service (kpis §5, D46–D50).

mod grades;

use std::collections::BTreeMap;

pub use grades::Grade;
use grades::{Class, Graded, Value};

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Subject, Unit, Variant};
use super::{availability, contacts, find};
use crate::buckets::Micros;
use crate::facts::{ActorKind, Symbol};
use crate::query::{Answer, Cells, Figures, Filter, Named, Query, Row, run};
use crate::view::View;

pub const KPI: Kpi = Kpi {
    id: "service_level",
    version: 1,
    title: "Service level",
    formula: "grades UNACCEPTABLE, BELOW_AVERAGE, AVERAGE, ABOVE_AVERAGE, STELLAR (1–5) of median first response, median full resolution \
              and mean csat per channel, and with channels offered, self-service rate and proactive contacts of the whole desk; overall \
              the weighted mean rounded down, at most one above the worse of response and resolution. Rows by channel (none: the desk) \
              and factor: grade, value, band (whether the source of the bands itself gives this grade), next (what the next grade takes)",
    unit: Unit::Score,
    direction: Direction::Higher,
    cohort_rule: "created for the response, solved for the resolution, answered for csat, in the period",
    actor_rule: "as in the figures it is made of",
    calendar_rule: "elapsed seconds",
    null_rule: "there is nothing to grade; a factor without data is left out, its weight too",
    dimensions: &[],
    variants: &[Variant {
        id: "",
        unit: Unit::Score,
        measure: Measure::Own,
        observe: Observe::Answers(answer),
    }],
};

/// More of those who waited than this gave up: the resolution is unacceptable.
const ABANDONED_MAX: f64 = 20.0;
const OVERALL: &str = "overall";

/// A factor's grade with how much it weighs, and how many values are behind it.
struct Factor {
    name: &'static str,
    weight: f64,
    /// 1 to 5; of the desk's response and resolution a mean.
    points: f64,
    values: u64,
}

fn answer(view: &View<'_>, query: &Query<'_>) -> Answer {
    let desk = Desk { view, query };
    let mut rows = Vec::new();
    let mut by_channel: BTreeMap<&'static str, Vec<Factor>> = BTreeMap::new();
    for channel in desk.channels() {
        let name = view.facts().strings().text(channel).to_owned();
        let (graded, factors) = desk.channel(&name);
        rows.extend(
            graded
                .into_iter()
                .map(|(factor, graded)| row(Some(&name), factor, graded)),
        );
        rows.extend(overall(Some(&name), &factors).map(|(row, _)| row));
        for factor in factors {
            by_channel.entry(factor.name).or_default().push(factor);
        }
    }
    let mut factors = Vec::new();
    for name in ["response", "resolution"] {
        if let Some(factor) = mean(name, by_channel.get(name).map_or(&[], Vec::as_slice)) {
            let figures = Figures {
                value: Some(factor.points),
                count: factor.values,
                named: vec![("grade", Named::Word(Grade::of_points(factor.points).as_str()))],
                ..Figures::default()
            };
            rows.push(named_row(None, name, figures));
            factors.push(factor);
        }
    }
    for (name, weight, graded) in desk.factors() {
        factors.push(Factor {
            name,
            weight,
            points: graded.grade.points(),
            values: graded.count,
        });
        rows.push(row(None, name, graded));
    }
    let total = match overall(None, &factors) {
        Some((row, figures)) => {
            rows.push(row);
            figures
        }
        None => Figures::default(),
    };
    Answer { total, rows }
}

/// A desk's factor from its channels: their grades weighted by how many values each has.
fn mean(name: &'static str, channels: &[Factor]) -> Option<Factor> {
    let values: u64 = channels.iter().map(|factor| factor.values).sum();
    let weight = channels.first()?.weight;
    let points: f64 = channels.iter().map(|factor| factor.points * factor.values as f64).sum();
    (values > 0).then(|| Factor {
        name,
        weight,
        points: points / values as f64,
        values,
    })
}

/// The weighted mean, and its grade: rounded down, at most one above the worse of response and resolution.
fn overall(channel: Option<&str>, factors: &[Factor]) -> Option<(Row, Figures)> {
    let weight: f64 = factors.iter().map(|factor| factor.weight).sum();
    let points: f64 = factors.iter().map(|factor| factor.weight * factor.points).sum();
    if weight <= 0.0 {
        return None;
    }
    let value = points / weight;
    let of_service = factors
        .iter()
        .filter(|factor| matches!(factor.name, "response" | "resolution"));
    let worst = of_service.map(|factor| factor.points).reduce(f64::min);
    let most = worst.map_or(f64::MAX, |worst| worst.floor() + 1.0);
    let grade = Grade::of_points(value.min(most));
    let figures = Figures {
        value: Some(value),
        count: factors.len() as u64,
        named: vec![("grade", Named::Word(grade.as_str()))],
        ..Figures::default()
    };
    Some((named_row(channel, OVERALL, figures.clone()), figures))
}

fn row(channel: Option<&str>, factor: &'static str, graded: Graded) -> Row {
    let mut named = vec![
        ("grade", Named::Word(graded.grade.as_str())),
        ("band", Named::Word(graded.band())),
    ];
    if let Some(next) = graded.next() {
        named.push(("next", Named::Number(next)));
    }
    let figures = Figures {
        value: Some(graded.value),
        count: graded.count,
        named,
        ..Figures::default()
    };
    named_row(channel, factor, figures)
}

fn named_row(channel: Option<&str>, factor: &'static str, figures: Figures) -> Row {
    Row {
        own: vec![
            ("channel", channel.map(str::to_owned)),
            ("factor", Some(factor.to_owned())),
        ],
        figures,
        ..Row::default()
    }
}

struct Desk<'v, 'q> {
    view: &'v View<'v>,
    query: &'q Query<'q>,
}

impl Desk<'_, '_> {
    /// Channels over which anything came, by name.
    fn channels(&self) -> Vec<Symbol> {
        let strings = self.view.facts().strings();
        let mut channels: Vec<Symbol> = self.view.contacts().filter_map(|ticket| ticket.base.channel).collect();
        channels.sort_unstable();
        channels.dedup();
        channels.sort_by_key(|channel| strings.text(*channel));
        channels
    }

    /// The figure `id` for one channel, or for all.
    fn figures(&self, id: &str, channel: Option<&str>) -> Figures {
        let Some(kpi) = find(id) else {
            return Figures::default();
        };
        let mut filters = self.query.filters.to_vec();
        if let Some(channel) = channel {
            filters.push(Filter {
                dimension: crate::dimensions::Dimension::Channel,
                values: vec![Some(channel.to_owned())],
            });
        }
        let query = Query {
            kpi,
            variant: &kpi.variants[0],
            clock: super::Clock::Elapsed,
            grain: None,
            by: &[],
            filters: &filters,
            ..self.query.clone()
        };
        run(self.view, &query).total
    }

    fn csat(&self, channel: Option<&str>) -> Option<Graded> {
        let figures = self.figures("csat", channel);
        let quality = self.figures("quality_score", channel).value;
        Some(Graded::new(Value::Csat { quality }, figures.mean?, figures.count))
    }

    /// What is graded of a channel.
    fn channel(&self, channel: &str) -> (Vec<(&'static str, Graded)>, Vec<Factor>) {
        let class = Class::of(channel);
        let mut found = Vec::new();
        let response = self.figures("first_response_time", Some(channel));
        if let Some(median) = response.median {
            found.push((
                "response",
                5.0,
                Graded::new(Value::Response(class), median, response.count),
            ));
        }
        let resolution = self.figures("full_resolution_time", Some(channel));
        if let Some(median) = resolution.median {
            let abandoned = self.figures("abandonment_rate", Some(channel)).value;
            let value = Value::Resolution {
                spoken: Class::is_spoken(channel),
                abandoned: abandoned.is_some_and(|share| share > ABANDONED_MAX),
            };
            found.push(("resolution", 4.0, Graded::new(value, median, resolution.count)));
        }
        found.extend(self.csat(Some(channel)).map(|graded| ("csat", 3.0, graded)));
        let factor = |(name, weight, graded): &(&'static str, f64, Graded)| Factor {
            name,
            weight: *weight,
            points: graded.grade.points(),
            values: graded.count,
        };
        let factors = found.iter().map(factor).collect();
        let graded = found.into_iter().map(|(name, _, graded)| (name, graded)).collect();
        (graded, factors)
    }

    /// What is graded of the whole desk, with its weight.
    fn factors(&self) -> Vec<(&'static str, f64, Graded)> {
        let mut found = Vec::new();
        found.extend(self.csat(None).map(|graded| ("csat", 3.0, graded)));
        found.extend(self.offered().map(|graded| ("channels", 2.0, graded)));
        let self_service = self.figures("self_service_rate", None);
        let rate = self_service
            .value
            .map(|rate| Graded::new(Value::SelfService, rate, self_service.count));
        found.extend(rate.map(|graded| ("self_service", 2.0, graded)));
        found.extend(self.proactive().map(|graded| ("proactive", 1.0, graded)));
        found
    }

    /// Channels of the tickets that customers opened in the period.
    fn offered(&self) -> Option<Graded> {
        let cells = Cells::new(self.view, self.query);
        let mut channels: Vec<Symbol> = Vec::new();
        for ticket in self
            .view
            .tickets()
            .filter(|ticket| ticket.opened_by == ActorKind::Customer)
        {
            let dimensions = self.view.dimensions(ticket);
            let observation = Observation::of(ticket, ticket.opened_at, dimensions, Outcome::Happened);
            if cells.is_inside(&observation) && cells.fits(&observation) {
                channels.extend(dimensions.channel.filter(|channel| !channels.contains(channel)));
            }
        }
        let strings = self.view.facts().strings();
        let promised = availability::promised(self.view);
        let (from, to) = (self.query.from, self.query.to.min(self.view.as_of()));
        let covers = |spans: &Vec<(Micros, Micros)>| spans.iter().any(|(begin, end)| *begin <= from && to <= *end);
        let value = Value::Channels {
            live: channels.iter().any(|channel| Class::is_live(strings.text(*channel))),
            always: channels.iter().any(|channel| promised.get(channel).is_some_and(covers)),
        };
        let count = channels.len();
        (count > 0).then(|| Graded::new(value, count as f64, count as u64))
    }

    /// Contacts that we made first, in percent of those that customers made.
    fn proactive(&self) -> Option<Graded> {
        let cells = Cells::new(self.view, self.query);
        let mut came = 0_u64;
        contacts::contacts(self.view, &mut |contact| {
            came += u64::from(cells.is_inside(&contact) && cells.fits(&contact));
        });
        let mut went = 0_u64;
        for (customer, person) in self.view.facts().people() {
            for at in person.reached(self.view.as_of()) {
                let dimensions = self.view.moment().dimensions_of(customer, None, at);
                let reached = Observation::apart(Subject::Customer(customer), at, dimensions, Outcome::Happened);
                went += u64::from(cells.is_inside(&reached) && cells.fits(&reached));
            }
        }
        (came > 0).then(|| Graded::new(Value::Proactive, 100.0 * went as f64 / came as f64, came))
    }
}

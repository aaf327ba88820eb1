//! The five grades of service (kpis §5, D46–D50).

mod grades;

use grades::{Class, Value};
pub use grades::{Grade, Graded};

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Points, Subject, Unit, Variant};
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

/// The grades of a period.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// Every channel over which anything came, by name.
    pub channels: Vec<Section>,
    /// The whole desk.
    pub desk: Section,
}

/// The grades of the desk or of a channel.
#[derive(Debug, Clone, PartialEq)]
pub struct Section {
    /// The channel; None: the desk.
    pub channel: Option<String>,
    /// Factors with data.
    pub factors: Vec<Factor>,
    /// The weighted mean, and its grade: rounded down, at most one above the worse of response and resolution. None: nothing to grade.
    pub overall: Option<(f64, Grade)>,
}

/// A factor's grade with how much it weighs, and how many values are behind it.
#[derive(Debug, Clone, PartialEq)]
pub struct Factor {
    /// Its name.
    pub name: &'static str,
    /// What it weighs among the others.
    pub weight: f64,
    /// 1 to 5; of the desk's response and resolution a mean.
    pub points: f64,
    /// How many values are behind it.
    pub values: u64,
    /// What was graded; None: the mean of the channels' grades.
    pub graded: Option<Graded>,
}

impl Factor {
    fn graded(name: &'static str, weight: f64, graded: Graded) -> Self {
        Self {
            name,
            weight,
            points: graded.grade.points(),
            values: graded.count,
            graded: Some(graded),
        }
    }

    /// Its grade.
    pub fn grade(&self) -> Grade {
        match &self.graded {
            Some(graded) => graded.grade,
            None => Grade::of_points(self.points),
        }
    }

    /// A desk's factor from its channels: their grades weighted by how many values each has.
    fn mean(name: &'static str, channels: &[Section]) -> Option<Self> {
        let all = channels.iter().flat_map(|channel| &channel.factors);
        let all: Vec<&Factor> = all.filter(|factor| factor.name == name).collect();
        let values: u64 = all.iter().map(|factor| factor.values).sum();
        let points: f64 = all.iter().map(|factor| factor.points * factor.values as f64).sum();
        let weight = all.first()?.weight;
        (values > 0).then(|| Self {
            name,
            weight,
            points: points / values as f64,
            values,
            graded: None,
        })
    }
}

impl Section {
    fn new(channel: Option<String>, factors: Vec<Factor>) -> Self {
        let weight: f64 = factors.iter().map(|factor| factor.weight).sum();
        let points: f64 = factors.iter().map(|factor| factor.weight * factor.points).sum();
        let of_service = factors
            .iter()
            .filter(|factor| matches!(factor.name, "response" | "resolution"));
        let worst = of_service.map(|factor| factor.points).reduce(f64::min);
        let most = worst.map_or(f64::MAX, |worst| worst.floor() + 1.0);
        let overall = (weight > 0.0).then(|| {
            let value = points / weight;
            (value, Grade::of_points(value.min(most)))
        });
        Self {
            channel,
            factors,
            overall,
        }
    }

    fn figures(&self) -> Option<Figures> {
        let (value, grade) = self.overall?;
        Some(Figures {
            value: Some(value),
            count: self.factors.len() as u64,
            named: vec![("grade", Named::Word(grade.as_str()))],
            ..Figures::default()
        })
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        let row = |factor: &'static str, figures: Figures| Row {
            own: vec![("channel", self.channel.clone()), ("factor", Some(factor.to_owned()))],
            figures,
            ..Row::default()
        };
        let factors = self
            .factors
            .iter()
            .map(move |factor| row(factor.name, figures_of(factor)));
        factors.chain(self.figures().map(|figures| row(OVERALL, figures)))
    }
}

/// Grades the period of `query`.
pub fn report(view: &View<'_>, query: &Query<'_>) -> Report {
    // What is read ticket by ticket is read of the period's tickets, where there is a quick way to them.
    let part = view.within(query.from, query.to);
    let read = part.as_ref().unwrap_or(view);
    let desk = Desk { view, read, query };
    let mut channels = Vec::new();
    for channel in desk.channels() {
        let name = view.facts().strings().text(channel).to_owned();
        let factors = desk.channel(&name);
        if !factors.is_empty() {
            channels.push(Section::new(Some(name), factors));
        }
    }
    let means = ["response", "resolution"].into_iter();
    let mut factors: Vec<Factor> = means.filter_map(|name| Factor::mean(name, &channels)).collect();
    factors.extend(desk.factors());
    Report {
        channels,
        desk: Section::new(None, factors),
    }
}

/// The desk's factors: name, weight, points.
pub fn factors(view: &View<'_>, query: &Query<'_>) -> Vec<Points> {
    let factors = report(view, query).desk.factors.into_iter();
    factors
        .map(|factor| (factor.name, factor.weight, factor.points))
        .collect()
}

fn answer(view: &View<'_>, query: &Query<'_>) -> Answer {
    let report = report(view, query);
    let sections = report.channels.iter().chain([&report.desk]);
    Answer {
        total: report.desk.figures().unwrap_or_default(),
        rows: sections.flat_map(Section::rows).collect(),
    }
}

fn figures_of(factor: &Factor) -> Figures {
    let mut named = vec![("grade", Named::Word(factor.grade().as_str()))];
    if let Some(graded) = &factor.graded {
        named.push(("band", Named::Word(graded.band())));
        named.extend(graded.next().map(|next| ("next", Named::Number(next))));
    }
    Figures {
        value: Some(factor.graded.map_or(factor.points, |graded| graded.value)),
        count: factor.values,
        named,
        ..Figures::default()
    }
}

struct Desk<'v, 'q> {
    view: &'v View<'v>,
    /// With the tickets of the period, perhaps with others.
    read: &'v View<'v>,
    query: &'q Query<'q>,
}

impl Desk<'_, '_> {
    /// Channels over which anything came, by name.
    fn channels(&self) -> Vec<Symbol> {
        let strings = self.view.facts().strings();
        let mut channels: Vec<Symbol> = self.read.contacts().filter_map(|ticket| ticket.base.channel).collect();
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
    fn channel(&self, channel: &str) -> Vec<Factor> {
        let class = Class::of(channel);
        let mut found = Vec::new();
        let response = self.figures("first_response_time", Some(channel));
        if let Some(median) = response.median {
            let graded = Graded::new(Value::Response(class), median, response.count);
            found.push(Factor::graded("response", 5.0, graded));
        }
        let resolution = self.figures("full_resolution_time", Some(channel));
        if let Some(median) = resolution.median {
            let abandoned = self.figures("abandonment_rate", Some(channel)).value;
            let value = Value::Resolution {
                spoken: Class::is_spoken(channel),
                abandoned: abandoned.is_some_and(|share| share > ABANDONED_MAX),
            };
            let graded = Graded::new(value, median, resolution.count);
            found.push(Factor::graded("resolution", 4.0, graded));
        }
        found.extend(
            self.csat(Some(channel))
                .map(|graded| Factor::graded("csat", 3.0, graded)),
        );
        found
    }

    /// What is graded of the whole desk.
    fn factors(&self) -> Vec<Factor> {
        let self_service = self.figures("self_service_rate", None);
        let rate = self_service
            .value
            .map(|rate| Graded::new(Value::SelfService, rate, self_service.count));
        [
            ("csat", 3.0, self.csat(None)),
            ("channels", 2.0, self.offered()),
            ("self_service", 2.0, rate),
            ("proactive", 1.0, self.proactive()),
        ]
        .into_iter()
        .filter_map(|(name, weight, graded)| Some(Factor::graded(name, weight, graded?)))
        .collect()
    }

    /// Channels of the tickets that customers opened in the period.
    fn offered(&self) -> Option<Graded> {
        let cells = Cells::new(self.read, self.query);
        let mut channels: Vec<Symbol> = Vec::new();
        for ticket in self
            .read
            .tickets()
            .filter(|ticket| ticket.opened_by == ActorKind::Customer)
        {
            let dimensions = self.read.dimensions(ticket);
            let observation = Observation::of(ticket, ticket.opened_at, dimensions, Outcome::Happened);
            if cells.is_inside(&observation) && cells.fits(&observation) {
                channels.extend(dimensions.channel.filter(|channel| !channels.contains(channel)));
            }
        }
        let strings = self.view.facts().strings();
        let promised = availability::promised(self.read);
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
        let cells = Cells::new(self.read, self.query);
        let mut came = 0_u64;
        contacts::contacts(self.read, &mut |contact| {
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

//! From single observations to the numbers of a row.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::{Figures, Named};
use crate::buckets::Micros;
use crate::facts::Symbol;
use crate::kpis::{Clock, Measure, Observation, Outcome, Subject};
use crate::statistics;

/// Observations being collected.
#[derive(Debug, Default)]
pub struct Tally {
    clock: Clock,
    count: u64,
    hits: u64,
    open: u64,
    /// Seconds, points, things.
    values: Vec<f64>,
    above: Micros,
    below: Micros,
    /// Who was observed: hits and the sum of durations by subject.
    subjects: BTreeMap<Subject, (bool, Micros)>,
    /// The same above the line.
    above_line: BTreeSet<Subject>,
    agents: BTreeMap<Option<Symbol>, (u64, BTreeSet<Subject>)>,
}

impl Tally {
    /// Nothing yet; durations on `clock`.
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            ..Self::default()
        }
    }

    /// How many observations have a value.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// How many subjects were observed.
    pub fn subjects(&self) -> usize {
        self.subjects.len()
    }

    /// How many subjects hit.
    pub fn subjects_hit(&self) -> usize {
        self.subjects.values().filter(|(hit, _)| *hit).count()
    }

    /// Counts one observation.
    pub fn add(&mut self, observation: &Observation<'_>) {
        let (mut hit, mut micros) = (false, 0);
        match observation.outcome {
            Outcome::Open => {
                self.open += 1;
                return;
            }
            Outcome::Happened => {}
            Outcome::Took(took) => {
                let duration = match self.clock {
                    Clock::Elapsed => Some(took.elapsed),
                    Clock::Business => took.business,
                };
                let Some(duration) = duration else { return };
                micros = duration;
                self.values.push(duration as f64 / 1e6);
            }
            Outcome::Value(value) => self.values.push(value),
            Outcome::Hit(is_hit) => hit = is_hit,
            Outcome::Score { score, hit: is_hit } => {
                self.values.push(score);
                hit = is_hit;
            }
            Outcome::Side { above: true } => {
                self.above_line.insert(observation.subject);
                self.count += 1;
                return;
            }
            Outcome::Side { above: false } => {}
            Outcome::Time { above, below } => {
                self.above += above;
                self.below += below;
            }
        }
        self.count += 1;
        self.hits += u64::from(hit);
        let subject = self.subjects.entry(observation.subject).or_default();
        subject.0 |= hit;
        subject.1 += micros;
        let agent = self.agents.entry(observation.dimensions.agent).or_default();
        agent.0 += 1;
        agent.1.insert(observation.subject);
    }

    /// The numbers of all observations together.
    pub fn figures(mut self, measure: Measure) -> Figures {
        if measure == Measure::DurationBySubject {
            self.values = self.subjects.values().map(|(_, micros)| *micros as f64 / 1e6).collect();
            self.count = self.values.len() as u64;
        }
        self.values.sort_by(f64::total_cmp);
        let mut figures = Figures {
            count: self.count,
            open: self.open,
            ..Figures::default()
        };
        if !self.values.is_empty() {
            let sum: f64 = self.values.iter().sum();
            figures.sum = Some(sum);
            figures.mean = Some(sum / self.values.len() as f64);
        }
        match measure {
            Measure::Count => figures.value = Some(self.count as f64),
            Measure::Duration | Measure::DurationBySubject | Measure::Mean => self.mean(&mut figures),
            Measure::Share => share(&mut figures, self.hits, self.count),
            Measure::Csat => {
                share(&mut figures, self.hits, self.count);
                let unsatisfied = self.values.iter().filter(|score| **score <= 2.0).count();
                figures.named.push(("satisfied", Named::Number(self.hits as f64)));
                figures.named.push(("unsatisfied", Named::Number(unsatisfied as f64)));
            }
            Measure::ShareBySubject => {
                let (hits, count) = (self.subjects_hit() as u64, self.subjects() as u64);
                figures.count = count;
                share(&mut figures, hits, count);
            }
            Measure::Nps => self.nps(&mut figures),
            Measure::PerAgent { once } => self.per_agent(&mut figures, once),
            Measure::Ratio => {
                let (above, below) = (self.above_line.len() as f64, self.subjects.len() as f64);
                figures.count = self.subjects.len() as u64;
                ratio(&mut figures, above, below, 1.0);
            }
            Measure::TimeShare => {
                let below = self.below as f64 / 1e6;
                figures.count = below.round() as u64;
                ratio(&mut figures, self.above as f64 / 1e6, below, 100.0);
            }
            Measure::Own => {}
        }
        figures
    }

    fn mean(&self, figures: &mut Figures) {
        figures.value = figures.mean;
        figures.median = statistics::quantile(&self.values, 0.5);
        figures.p90 = statistics::quantile(&self.values, 0.9);
        figures.p95 = statistics::quantile(&self.values, 0.95);
        figures.p99 = statistics::quantile(&self.values, 0.99);
        interval(figures, &self.values);
    }

    fn nps(&self, figures: &mut Figures) {
        let promoters = self.values.iter().filter(|score| **score >= 9.0).count();
        let detractors = self.values.iter().filter(|score| **score <= 6.0).count();
        let passives = self.values.len() - promoters - detractors;
        for (name, many) in [
            ("promoters", promoters),
            ("passives", passives),
            ("detractors", detractors),
        ] {
            figures.named.push((name, Named::Number(many as f64)));
        }
        let points = |score: &f64| match *score {
            score if score >= 9.0 => 100.0,
            score if score <= 6.0 => -100.0,
            _ => 0.0,
        };
        let points: Vec<f64> = self.values.iter().map(points).collect();
        ratio(figures, promoters as f64 - detractors as f64, self.count as f64, 100.0);
        interval(figures, &points);
    }

    fn per_agent(&self, figures: &mut Figures, once: bool) {
        let known = self.agents.iter().filter(|(agent, _)| agent.is_some());
        let number =
            |(all, distinct): &(u64, BTreeSet<Subject>)| if once { distinct.len() as f64 } else { *all as f64 };
        let mut numbers: Vec<f64> = known.map(|(_, agent)| number(agent)).collect();
        numbers.sort_by(f64::total_cmp);
        figures.count = numbers.len() as u64;
        ratio(figures, numbers.iter().sum(), numbers.len() as f64, 1.0);
        interval(figures, &numbers);
    }
}

fn share(figures: &mut Figures, hits: u64, count: u64) {
    ratio(figures, hits as f64, count as f64, 100.0);
    let interval = statistics::wilson(hits, count);
    figures.low = interval.map(|(low, _)| low * 100.0);
    figures.high = interval.map(|(_, high)| high * 100.0);
}

fn ratio(figures: &mut Figures, above: f64, below: f64, times: f64) {
    figures.numerator = Some(above);
    figures.denominator = Some(below);
    figures.value = (below > 0.0).then(|| times * above / below);
}

fn interval(figures: &mut Figures, values: &[f64]) {
    let interval = statistics::normal(values);
    figures.low = interval.map(|(low, _)| low);
    figures.high = interval.map(|(_, high)| high);
}

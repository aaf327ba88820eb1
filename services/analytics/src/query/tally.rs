//! From single observations to the numbers of a row.

use std::collections::{BTreeMap, BTreeSet};

use super::figures::Figures;
use super::sums::{Sign, Sums, figures, per_agent, ratio, share};
use crate::buckets::Micros;
use crate::facts::Symbol;
use crate::kpis::{Clock, Measure, Observation, Outcome, Subject};

/// Observations being collected, and whom they are about.
#[derive(Debug, Default)]
pub struct Tally {
    clock: Clock,
    sums: Sums,
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
        u64::try_from(self.sums.counted()).unwrap_or(0)
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
        if !self.sums.add(observation.outcome, self.clock, Sign::Plus) {
            return;
        }
        let (mut hit, mut micros) = (false, 0);
        match observation.outcome {
            Outcome::Open => return,
            Outcome::Side { above: true } => {
                self.above_line.insert(observation.subject);
                return;
            }
            Outcome::Took(took) => {
                micros = match self.clock {
                    Clock::Elapsed => took.elapsed,
                    Clock::Business => took.business.unwrap_or(0),
                };
            }
            Outcome::Hit(is_hit) | Outcome::Score { hit: is_hit, .. } => hit = is_hit,
            Outcome::Time { above, below } => {
                self.above += above;
                self.below += below;
            }
            Outcome::Happened | Outcome::Value(_) | Outcome::Side { above: false } => {}
        }
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
            let mut sums = Sums::of_durations(self.subjects.values().map(|(_, micros)| *micros));
            sums.settle();
            let open = self.open();
            return Figures {
                open,
                ..figures([&sums].into_iter(), measure)
            };
        }
        self.sums.settle();
        let mut figures = figures([&self.sums].into_iter(), measure);
        match measure {
            Measure::ShareBySubject => {
                figures.count = self.subjects() as u64;
                share(&mut figures, self.subjects_hit() as u64);
            }
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
            _ => {}
        }
        figures
    }

    fn open(&self) -> u64 {
        figures([&self.sums].into_iter(), Measure::Own).open
    }

    fn per_agent(&self, figures: &mut Figures, once: bool) {
        let known = self.agents.iter().filter(|(agent, _)| agent.is_some());
        let number =
            |(all, distinct): &(u64, BTreeSet<Subject>)| if once { distinct.len() as f64 } else { *all as f64 };
        per_agent(figures, known.map(|(_, agent)| number(agent)).collect());
    }
}

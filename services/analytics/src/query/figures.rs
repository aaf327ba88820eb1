//! From single observations to the numbers of a row.

use crate::kpis::{Measure, Outcome};
use crate::statistics;

/// The numbers of one row. None is null: no value, which is not zero.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Seconds (the mean), percent, or a number.
    pub value: Option<f64>,
    /// How many things were counted or measured; for rates the denominator.
    pub count: u64,
    /// Sum of what was measured.
    pub sum: Option<f64>,
    /// Of a rate.
    pub numerator: Option<f64>,
    /// Of a rate.
    pub denominator: Option<f64>,
    /// Things of the period without a value yet.
    pub open: u64,
    /// Mean of what was measured.
    pub mean: Option<f64>,
    /// Quantiles of what was measured, type 7.
    pub median: Option<f64>,
    /// 90th percentile.
    pub p90: Option<f64>,
    /// 95th percentile.
    pub p95: Option<f64>,
    /// 99th percentile.
    pub p99: Option<f64>,
    /// 95 % interval, lower end.
    pub low: Option<f64>,
    /// 95 % interval, upper end.
    pub high: Option<f64>,
}

/// Observations being collected.
#[derive(Debug, Default)]
pub struct Tally {
    count: u64,
    hits: u64,
    open: u64,
    /// Seconds, or points on a scale.
    values: Vec<f64>,
}

impl Tally {
    /// Counts one observation.
    pub fn add(&mut self, outcome: Outcome) {
        match outcome {
            Outcome::Open => {
                self.open += 1;
                return;
            }
            Outcome::Happened => {}
            // A source whose clock runs ahead dates a beginning after its end: no wait is shorter than none.
            Outcome::Took(micros) => self.values.push(micros.max(0) as f64 / 1e6),
            Outcome::Hit(hit) => self.hits += u64::from(hit),
            Outcome::Score { score, hit } => {
                self.values.push(score);
                self.hits += u64::from(hit);
            }
        }
        self.count += 1;
    }

    /// The numbers of all observations together.
    pub fn figures(mut self, measure: Measure) -> Figures {
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
            Measure::Mean => {
                figures.value = figures.mean;
                figures.median = statistics::quantile(&self.values, 0.5);
                figures.p90 = statistics::quantile(&self.values, 0.9);
                figures.p95 = statistics::quantile(&self.values, 0.95);
                figures.p99 = statistics::quantile(&self.values, 0.99);
                let interval = statistics::normal(&self.values);
                figures.low = interval.map(|(low, _)| low);
                figures.high = interval.map(|(_, high)| high);
            }
            Measure::Share => {
                figures.numerator = Some(self.hits as f64);
                figures.denominator = Some(self.count as f64);
                let interval = statistics::wilson(self.hits, self.count);
                figures.value = interval.map(|_| 100.0 * self.hits as f64 / self.count as f64);
                figures.low = interval.map(|(low, _)| low * 100.0);
                figures.high = interval.map(|(_, high)| high * 100.0);
            }
        }
        figures
    }
}

//! The numbers of a row.

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
    /// What only some figures have: `satisfied`, `unsatisfied`, `promoters`, `passives`, `detractors`, `peak`, `grade`, `band`,
    /// `next`.
    pub named: Vec<(&'static str, Named)>,
}

/// A value with a name of its own.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Named {
    /// A number.
    Number(f64),
    /// A word.
    Word(&'static str),
}

impl Figures {
    /// The value with this name, when there is one.
    pub fn named(&self, name: &str) -> Option<Named> {
        self.named
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| *value)
    }

    /// Whether it says anything at all: a row in which everything is zero or null may as well not be there.
    pub fn is_empty(&self) -> bool {
        let nothing = |value: Option<f64>| value.is_none_or(|value| value == 0.0);
        self.count == 0
            && self.open == 0
            && nothing(self.value)
            && nothing(self.numerator)
            && nothing(self.denominator)
            && self.named.iter().all(|(_, value)| *value == Named::Number(0.0))
    }
}

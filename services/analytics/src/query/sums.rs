//! What observations add up to in numbers from which each can be taken out again: whole numbers, so that adding in any order, or
//! adding and taking back, gives the same bits. Pure.

use super::figures::{Figures, Named};
use super::sorted::Sorted;
use crate::kpis::{Clock, Measure, Outcome};
use crate::statistics;

/// Units of a duration in a second.
const DURATION: i64 = 1_000_000;
/// Units of any other number in one: scores are thirds at times, and nine digits of them are more than anybody shows.
const NUMBER: i64 = 1_000_000_000;

/// Counts, sums and the single values of some observations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sums {
    count: i64,
    hits: i64,
    open: i64,
    /// In units; the squares in units of units.
    sum: i128,
    squares: i128,
    /// How many units are one.
    scale: i64,
    values: Values,
}

impl Default for Sums {
    fn default() -> Self {
        Self {
            count: 0,
            hits: 0,
            open: 0,
            sum: 0,
            squares: 0,
            scale: NUMBER,
            values: Values::default(),
        }
    }
}

/// Values in ascending order, with what came and went since they were put in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Values {
    sorted: Vec<i64>,
    added: Vec<i64>,
    removed: Vec<i64>,
}

/// Whether something is added or taken out again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// It is there.
    Plus,
    /// It is not there any more.
    Minus,
}

impl Sign {
    fn of(self, many: i64) -> i64 {
        match self {
            Sign::Plus => many,
            Sign::Minus => -many,
        }
    }
}

impl Sums {
    /// Adds an observation, or takes it out. A duration that has no seconds on `clock` is none. Says whether it was counted.
    pub fn add(&mut self, outcome: Outcome, clock: Clock, sign: Sign) -> bool {
        let (mut hit, mut value) = (false, None);
        match outcome {
            Outcome::Open => {
                self.open += sign.of(1);
                return true;
            }
            Outcome::Took(took) => {
                let duration = match clock {
                    Clock::Elapsed => Some(took.elapsed),
                    Clock::Business => took.business,
                };
                let Some(duration) = duration else { return false };
                self.scale = DURATION;
                value = Some(duration);
            }
            Outcome::Value(number) => value = Some(units(number)),
            Outcome::Score { score, hit: is_hit } => (value, hit) = (Some(units(score)), is_hit),
            Outcome::Hit(is_hit) => hit = is_hit,
            Outcome::Happened | Outcome::Side { .. } | Outcome::Time { .. } => {}
        }
        self.count += sign.of(1);
        self.hits += sign.of(i64::from(hit));
        if let Some(value) = value {
            self.value(value, sign);
        }
        true
    }

    fn value(&mut self, value: i64, sign: Sign) {
        let wide = i128::from(value);
        let sign_of = i128::from(sign.of(1));
        self.sum += sign_of * wide;
        self.squares = self.squares.saturating_add(sign_of * wide * wide);
        match sign {
            Sign::Plus => self.values.added.push(value),
            Sign::Minus => self.values.removed.push(value),
        }
    }

    /// Sums of `durations`, each for one thing.
    pub fn of_durations(durations: impl Iterator<Item = i64>) -> Self {
        let mut sums = Self {
            scale: DURATION,
            ..Self::default()
        };
        for duration in durations {
            sums.count += 1;
            sums.value(duration, Sign::Plus);
        }
        sums
    }

    /// More of what is merely counted, or less.
    pub fn count(&mut self, many: i64) {
        self.count += many;
    }

    /// How many have a value.
    pub fn counted(&self) -> i64 {
        self.count
    }

    /// Whether nothing is left of it.
    pub fn is_empty(&self) -> bool {
        self.count == 0 && self.open == 0
    }

    /// How many values are kept.
    pub fn kept(&self) -> usize {
        self.values.sorted.len() + self.values.added.len()
    }

    /// Puts the values in order: needed before [`figures`].
    pub fn settle(&mut self) {
        let values = &mut self.values;
        if values.added.is_empty() && values.removed.is_empty() {
            return;
        }
        values.sorted.append(&mut values.added);
        // Almost in order: the sort finds the two runs.
        values.sorted.sort();
        let mut removed = std::mem::take(&mut values.removed);
        removed.sort_unstable();
        let mut gone = removed.into_iter().peekable();
        values.sorted.retain(|value| gone.next_if_eq(value).is_none());
    }
}

fn units(number: f64) -> i64 {
    (number * NUMBER as f64).round() as i64
}

/// The figures of all `parts` together, each of them settled. Measures that tell subjects or agents apart need more than sums.
pub fn figures<'a>(parts: impl Iterator<Item = &'a Sums>, measure: Measure) -> Figures {
    let mut all = Sums::default();
    let mut runs = Vec::new();
    for part in parts {
        all.count += part.count;
        all.hits += part.hits;
        all.open += part.open;
        all.sum += part.sum;
        all.squares = all.squares.saturating_add(part.squares);
        if !part.values.sorted.is_empty() {
            all.scale = part.scale;
            runs.push(part.values.sorted.as_slice());
        }
    }
    let values = Sorted::new(runs);
    let whole = |many: i64| u64::try_from(many).unwrap_or(0);
    let mut figures = Figures {
        count: whole(all.count),
        open: whole(all.open),
        ..Figures::default()
    };
    let scale = all.scale as f64;
    if values.len() > 0 {
        figures.sum = Some(all.sum as f64 / scale);
        figures.mean = Some(all.sum as f64 / scale / values.len() as f64);
    }
    match measure {
        Measure::Count => figures.value = Some(figures.count as f64),
        Measure::Duration | Measure::DurationBySubject | Measure::Mean => {
            figures.value = figures.mean;
            let at = [0.5, 0.9, 0.95, 0.99];
            let [median, p90, p95, p99] = values.quantiles(at).map(|value| value.map(|units| units / scale));
            (figures.median, figures.p90, figures.p95, figures.p99) = (median, p90, p95, p99);
            let interval = statistics::normal_of_sums(values.len(), all.sum, all.squares);
            figures.low = interval.map(|(low, _)| low / scale);
            figures.high = interval.map(|(_, high)| high / scale);
        }
        Measure::Share => share(&mut figures, whole(all.hits)),
        Measure::Csat => {
            share(&mut figures, whole(all.hits));
            let unsatisfied = values.at_most(units(2.0));
            figures.named.push(("satisfied", Named::Number(all.hits as f64)));
            figures.named.push(("unsatisfied", Named::Number(unsatisfied as f64)));
        }
        Measure::Nps => nps(&mut figures, &values),
        Measure::ShareBySubject | Measure::PerAgent { .. } | Measure::Ratio | Measure::TimeShare | Measure::Own => {}
    }
    figures
}

fn nps(figures: &mut Figures, values: &Sorted<'_>) {
    let detractors = values.at_most(units(6.0));
    let promoters = values.len() - values.below(units(9.0));
    let passives = values.len() - promoters - detractors;
    for (name, many) in [
        ("promoters", promoters),
        ("passives", passives),
        ("detractors", detractors),
    ] {
        figures.named.push((name, Named::Number(many as f64)));
    }
    let points = promoters as f64 - detractors as f64;
    let count = figures.count as f64;
    ratio(figures, points, count, 100.0);
    let sum = 100 * (promoters as i128 - detractors as i128);
    let squares = 10_000 * (promoters as i128 + detractors as i128);
    let interval = statistics::normal_of_sums(values.len(), sum, squares);
    figures.low = interval.map(|(low, _)| low);
    figures.high = interval.map(|(_, high)| high);
}

/// The mean number of those who have one.
pub fn per_agent(figures: &mut Figures, mut numbers: Vec<f64>) {
    numbers.sort_by(f64::total_cmp);
    figures.count = numbers.len() as u64;
    ratio(figures, numbers.iter().sum(), numbers.len() as f64, 1.0);
    let interval = statistics::normal(&numbers);
    figures.low = interval.map(|(low, _)| low);
    figures.high = interval.map(|(_, high)| high);
}

/// Hits among all that are counted.
pub fn share(figures: &mut Figures, hits: u64) {
    let count = figures.count;
    ratio(figures, hits as f64, count as f64, 100.0);
    let interval = statistics::wilson(hits, count);
    figures.low = interval.map(|(low, _)| low * 100.0);
    figures.high = interval.map(|(_, high)| high * 100.0);
}

/// What is above the line by what is below it.
pub fn ratio(figures: &mut Figures, above: f64, below: f64, times: f64) {
    figures.numerator = Some(above);
    figures.denominator = Some(below);
    figures.value = (below > 0.0).then(|| times * above / below);
}

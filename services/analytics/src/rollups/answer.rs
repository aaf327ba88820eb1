//! Answers from a cube: whole cells as they are, and of those that the period cuts what lies inside it, from the rows.

use std::collections::{BTreeMap, HashMap};

use super::Rows;
use super::cube::{Cell, Cube, Seen, add_one};
use crate::buckets::{Bucket, Micros};
use crate::dimensions::Dimension;
use crate::facts::Strings;
use crate::kpis::{Clock, MOVES, Measure, Observe, Outcome};
use crate::moment::Moment;
use crate::query::{Answer, Figures, Part, Query, Row, Sign, Sums, Wanted, figures, per_agent, spans, told, wanted};
use crate::view::View;

/// Sums of a cell of which only a part lies in the period, by key.
type Cut = HashMap<Vec<Part>, Sums>;

/// What is asked of a cube.
struct Question<'q> {
    query: &'q Query<'q>,
    wanted: Vec<Wanted>,
    /// Where in a key the filters' dimensions and the row's dimensions are.
    filters: Vec<Option<usize>>,
    split: Vec<Option<usize>>,
    /// The same of the agent, for figures that are by agent.
    agent: Option<usize>,
    /// The rows' buckets; one without a grain.
    spans: Vec<Bucket>,
}

impl<'q> Question<'q> {
    fn of(cube: &Cube, query: &'q Query<'q>, strings: &Strings) -> Self {
        let place = |dimension| cube.by.iter().position(|one| *one == dimension);
        let wanted = wanted(query, strings);
        let whole = || {
            vec![Bucket {
                start: query.from,
                end: query.to,
                label: String::new(),
            }]
        };
        Self {
            query,
            filters: wanted.iter().map(|wanted| place(wanted.dimension)).collect(),
            wanted,
            agent: place(Dimension::Agent).filter(|_| matches!(query.variant.measure, Measure::PerAgent { .. })),
            split: query.by.iter().map(|dimension| place(*dimension)).collect(),
            spans: query.grain.map_or_else(whole, |grain| spans(query, grain)),
        }
    }

    fn fits(&self, key: &[Part]) -> bool {
        self.wanted.iter().zip(&self.filters).all(|(wanted, place)| {
            let part = place.and_then(|place| key.get(place));
            part.is_some_and(|part| wanted.parts.contains(part))
        })
    }

    fn row_key(&self, key: &[Part]) -> Vec<Part> {
        let parts = self.split.iter();
        parts
            .map(|place| place.and_then(|place| key.get(place)).copied().unwrap_or(Part::None))
            .collect()
    }

    /// Whose number it is, of figures that are by agent.
    fn agent(&self, key: &[Part]) -> Part {
        self.agent
            .and_then(|place| key.get(place))
            .copied()
            .unwrap_or(Part::None)
    }

    /// In which of the spans something at `at` is.
    fn span(&self, at: Micros) -> usize {
        self.spans.partition_point(|span| span.start <= at).saturating_sub(1)
    }

    fn has_rows(&self) -> bool {
        self.query.grain.is_some() || !self.query.by.is_empty()
    }

    fn row(&self, span: usize, key: &[Part], figures: Figures, strings: &Strings) -> Row {
        let bucket = self.spans.get(span).filter(|_| self.query.grain.is_some());
        Row {
            bucket: bucket.map(|bucket| bucket.start),
            label: bucket.map(|bucket| bucket.label.clone()),
            key: key.iter().map(|part| part.told(strings)).collect(),
            own: Vec::new(),
            figures,
        }
    }

    fn answer(&self, total: Figures, rows: Vec<Row>) -> Answer {
        let mut rows: Vec<(Row, ())> = rows.into_iter().map(|row| (row, ())).collect();
        told(&mut rows);
        Answer {
            total,
            rows: rows.into_iter().map(|(row, ())| row).collect(),
        }
    }
}

impl Cube {
    /// The answer to `query`, as of `moment`.
    pub fn answer(&mut self, moment: &Moment<'_>, query: &Query<'_>, rows: &dyn Rows) -> Answer {
        let question = Question::of(self, query, moment.facts().strings());
        if matches!(self.variant.observe, Observe::Levels(_)) {
            self.levels(moment, &question, rows)
        } else {
            self.events(moment, &question, rows)
        }
    }

    fn events(&mut self, moment: &Moment<'_>, question: &Question<'_>, rows: &dyn Rows) -> Answer {
        let (from, to) = (question.query.from, question.query.to);
        let measure = self.variant.measure;
        let strings = moment.facts().strings();
        let first = self.axis.start_of(from);
        for (_, series) in self.series.iter_mut().filter(|(key, _)| question.fits(key)) {
            let cells = series.cells.range_mut(first..to.max(first));
            cells.for_each(|(_, cell)| cell.sums.settle());
        }
        let cuts = self.cuts(moment, question, rows);
        // What stands still is in no cell: its time is another one at every moment.
        let moving = (question.query.kpi.id == MOVES).then(|| {
            let view = View::part(moment, rows.moving(moment));
            self.observed(&view)
        });
        let mut total = Parts::default();
        let mut found: HashMap<(usize, Vec<Part>), Parts<'_>> = HashMap::new();
        for (key, series) in self.series.iter().filter(|(key, _)| question.fits(key)) {
            let (row_key, agent) = (question.row_key(key), question.agent(key));
            for (start, cell) in series.cells.range(first..to.max(first)) {
                let sums = match cuts.get(start) {
                    Some(cut) => cut.get(key),
                    None => Some(&cell.sums),
                };
                let Some(sums) = sums.filter(|sums| !sums.is_empty()) else {
                    continue;
                };
                total.whole(agent, sums);
                if question.has_rows() {
                    let span = question.span((*start).max(from));
                    found.entry((span, row_key.clone())).or_default().whole(agent, sums);
                }
            }
            for seen in series.several.values() {
                let within = seen.iter().filter(|seen| (from..to).contains(&seen.at)).copied();
                let mut within: Vec<(usize, Seen)> = within.map(|seen| (question.span(seen.at), seen)).collect();
                within.sort_by_key(|(span, _)| *span);
                let all: Vec<Seen> = within.iter().map(|(_, seen)| *seen).collect();
                if all.is_empty() {
                    continue;
                }
                total.one(agent, measure, &all);
                for same in within.chunk_by(|(a, _), (b, _)| a == b).filter(|_| question.has_rows()) {
                    let seen: Vec<Seen> = same.iter().map(|(_, seen)| *seen).collect();
                    let span = same.first().map_or(0, |(span, _)| *span);
                    let parts = found.entry((span, row_key.clone())).or_default();
                    parts.one(agent, measure, &seen);
                }
            }
        }
        for (key, at, outcome) in moving.into_iter().flatten() {
            if (from..to).contains(&at) && question.fits(&key) {
                let agent = question.agent(&key);
                total.outcome(agent, outcome);
                if question.has_rows() {
                    let parts = found.entry((question.span(at), question.row_key(&key))).or_default();
                    parts.outcome(agent, outcome);
                }
            }
        }
        let rows = found
            .into_iter()
            .map(|((span, key), parts)| question.row(span, &key, parts.figures(measure), strings));
        let rows = rows.collect();
        question.answer(total.figures(measure), rows)
    }

    /// What lies inside the period of the cells that it cuts: only the first and the last can be.
    fn cuts(&mut self, moment: &Moment<'_>, question: &Question<'_>, rows: &dyn Rows) -> BTreeMap<Micros, Cut> {
        let (from, to) = (question.query.from, question.query.to);
        let first = self.axis.start_of(from);
        let last = self.axis.start_of(to.saturating_sub(1));
        let mut cuts: BTreeMap<Micros, Cut> = BTreeMap::new();
        for start in [first, last] {
            let end = self.axis.bucket(start).map_or(to, |bucket| bucket.end);
            let (from, to) = (from.max(start), to.min(end));
            let is_outside = |cell: &Cell| cell.earliest < from || to <= cell.latest;
            if (from, to) != (start, end) && self.any(question, start, is_outside) {
                let view = View::part(moment, rows.within(from, to));
                cuts.entry(start).or_insert_with(|| self.gather(&view, from, to));
            }
        }
        cuts
    }

    /// What stands open at an end is what began before it less what ended before it.
    fn levels(&mut self, moment: &Moment<'_>, question: &Question<'_>, rows: &dyn Rows) -> Answer {
        let now = moment.as_of().saturating_add(1);
        let end = question.query.to.min(now);
        let strings = moment.facts().strings();
        // Buckets end where cells do; only the end of all may cut one.
        let start = self.axis.start_of(end);
        let cut = (start < end && self.any(question, start, |cell| end <= cell.latest)).then(|| {
            let view = View::part(moment, rows.within(start, end));
            self.gather(&view, start, end)
        });
        let mut total = 0;
        let mut found: HashMap<(usize, Vec<Part>), i64> = HashMap::new();
        for (key, series) in self.series.iter().filter(|(key, _)| question.fits(key)) {
            let row_key = question.row_key(key);
            let cut = cut.as_ref().map(|cut| cut.get(key).map_or(0, Sums::counted));
            let counted = |cell_start: Micros, cell: &Cell| match cut {
                Some(cut) if cell_start == start => cut,
                _ => cell.sums.counted(),
            };
            let mut cells = series
                .cells
                .range(..end)
                .map(|(start, cell)| (*start, counted(*start, cell)))
                .peekable();
            let mut open = 0;
            for (place, span) in question.spans.iter().enumerate() {
                let end = span.end.min(now);
                while let Some((_, many)) = cells.next_if(|(start, _)| *start < end) {
                    open += many;
                }
                if open != 0 && question.has_rows() {
                    *found.entry((place, row_key.clone())).or_default() += open;
                }
            }
            total += open + cells.map(|(_, many)| many).sum::<i64>();
        }
        let figures_of = |many: i64| {
            let mut sums = Sums::default();
            sums.count(many);
            figures([&sums].into_iter(), Measure::Count)
        };
        let rows = found.into_iter().filter(|(_, many)| *many != 0);
        let rows = rows.map(|((span, key), many)| question.row(span, &key, figures_of(many), strings));
        question.answer(figures_of(total), rows.collect())
    }

    /// Whether the cell that begins at `start` is so in any series that is asked for.
    fn any(&self, question: &Question<'_>, start: Micros, is_so: impl Fn(&Cell) -> bool) -> bool {
        let mut series = self.series.iter().filter(|(key, _)| question.fits(key));
        series.any(|(_, series)| series.cells.get(&start).is_some_and(&is_so))
    }
}

/// What one total or row is added up from, by agent.
#[derive(Default)]
struct Parts<'s> {
    /// Cells as they are.
    whole: Vec<(Part, &'s Sums)>,
    /// Things that were kept by themselves.
    more: HashMap<Part, Sums>,
}

impl<'s> Parts<'s> {
    fn whole(&mut self, agent: Part, sums: &'s Sums) {
        self.whole.push((agent, sums));
    }

    fn one(&mut self, agent: Part, measure: Measure, seen: &[Seen]) {
        add_one(self.more.entry(agent).or_default(), measure, seen, Sign::Plus);
    }

    fn outcome(&mut self, agent: Part, outcome: Outcome) {
        let sums = self.more.entry(agent).or_default();
        sums.add(outcome, Clock::Elapsed, Sign::Plus);
    }

    fn figures(mut self, measure: Measure) -> Figures {
        self.more.values_mut().for_each(Sums::settle);
        let all = self
            .whole
            .iter()
            .copied()
            .chain(self.more.iter().map(|(agent, sums)| (*agent, sums)));
        match measure {
            Measure::PerAgent { .. } => {
                let mut numbers: HashMap<Part, i64> = HashMap::new();
                for (agent, sums) in all.filter(|(agent, _)| *agent != Part::None) {
                    *numbers.entry(agent).or_default() += sums.counted();
                }
                let mut figures = Figures::default();
                per_agent(
                    &mut figures,
                    numbers.into_values().map(|number| number as f64).collect(),
                );
                figures
            }
            Measure::ShareBySubject => figures(all.map(|(_, sums)| sums), Measure::Share),
            _ => figures(all.map(|(_, sums)| sums), measure),
        }
    }
}

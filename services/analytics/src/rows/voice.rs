//! What a customer said when asked, apart from any ticket.

use super::teams::named;
use super::voices::{answers_of_customer, sendings_of_customer};
use super::{Answer, Sending, Teams};
use crate::dimensions::Dimensions;
use crate::facts::{Survey, Symbol};
use crate::moment::Moment;

/// The questions to a customer and the answers, each with the dimensions it counts for.
#[derive(Debug, Clone, PartialEq)]
pub struct Voice {
    /// Who.
    pub customer: Symbol,
    /// Every answer.
    pub answers: Vec<(Answer, Dimensions<'static>)>,
    /// Every question sent.
    pub sendings: Vec<(Sending, Dimensions<'static>)>,
    /// The teams of those who were rated.
    pub teams: Teams,
}

impl Voice {
    /// Reads one customer as of `moment`; None of whom nothing was asked.
    pub fn derive(moment: &Moment<'_>, customer: Symbol) -> Option<Self> {
        let facts = moment.facts();
        let steps = facts.survey(customer)?.until(moment.as_of());
        let answers = answers_of_customer(steps).map(|answer| {
            let dimensions = moment.dimensions_of(customer, answer.by.agent, answer.at);
            (answer, dimensions)
        });
        let sendings = sendings_of_customer(steps).into_iter().map(|sending| {
            let dimensions = moment.dimensions_of(customer, None, sending.at);
            (sending, dimensions)
        });
        Some(Self {
            customer,
            answers: answers.collect(),
            sendings: sendings.collect(),
            teams: Teams::of(facts, named(facts, steps).collect(), moment.as_of()),
        })
    }

    /// The answers to one question.
    pub fn answers_to(&self, survey: Survey) -> impl Iterator<Item = &(Answer, Dimensions<'static>)> {
        self.answers.iter().filter(move |(answer, _)| answer.survey == survey)
    }
}

//! In which team every agent of a ticket was, from when on.

use crate::buckets::Micros;
use crate::facts::{Entry, Facts, Step, Symbol};

/// The teams of the agents who are named in a ticket or in answers. So what is counted for a team follows from the rows alone,
/// and can be taken back as it was counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Teams(Box<[(Symbol, Micros, Option<Symbol>)]>);

impl Teams {
    /// Of all `agents`, as far as was told by `as_of`.
    pub fn of(facts: &Facts, mut agents: Vec<Symbol>, as_of: Micros) -> Self {
        agents.sort_unstable();
        agents.dedup();
        let of_agent = |agent: Symbol| {
            let teams = facts.teams_of(agent, as_of).into_iter();
            teams.map(move |(from, team)| (agent, from, team))
        };
        Self(agents.into_iter().flat_map(of_agent).collect())
    }

    /// The agent's team at `at`.
    pub fn at(&self, agent: Symbol, at: Micros) -> Option<Symbol> {
        let place = self.0.partition_point(|(one, from, _)| (*one, *from) <= (agent, at));
        let (one, _, team) = self.0.get(place.checked_sub(1)?)?;
        team.filter(|_| *one == agent)
    }

    /// Everybody who is named.
    pub fn agents(&self) -> impl Iterator<Item = Symbol> {
        self.0.iter().map(|(agent, ..)| *agent)
    }
}

/// Agents named in `steps`, some several times.
pub fn named<'a>(facts: &'a Facts, steps: &'a [Entry]) -> impl Iterator<Item = Symbol> {
    steps.iter().filter_map(move |entry| match entry.step {
        Step::Message { id, .. } => id,
        Step::Assigned { agent, .. }
        | Step::QueueAccepted { agent, .. }
        | Step::WrapUpEnded { agent, .. }
        | Step::Answered { agent, .. } => agent,
        Step::Reviewed { review } => facts.review(review)?.agent,
        _ => None,
    })
}

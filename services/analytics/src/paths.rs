//! The ways that customers commonly take from channel to channel in one matter, and where they lead (kpis §4, `journey`). Pure.

use std::collections::{BTreeMap, HashMap};

use crate::buckets::Micros;
use crate::episodes::Episode;
use crate::facts::{Survey, Symbol};
use crate::view::View;

/// A visit of the help centre so long before the first contact belongs to the same matter.
const BEFORE: Micros = 24 * 3_600 * 1_000_000;
/// The step that stands for such a visit.
pub const SELF_SERVICE: &str = "self_service";

/// A way, and where it led.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Path {
    /// Channels in order; empty: not known.
    pub steps: Vec<String>,
    /// How many episodes took it.
    pub episodes: u64,
    /// Closed with every ticket solved.
    pub solved: u64,
    /// Not closed yet.
    pub open: u64,
    /// Contacts of all of them.
    pub contacts: u64,
    /// Transfers of all of them.
    pub transfers: u64,
    /// Mean csat answer.
    pub csat: Option<f64>,
}

/// The ways of the episodes that began within `[from, to)`, the commonest first.
pub fn paths(view: &View<'_>, from: Micros, to: Micros) -> Vec<Path> {
    let visits = visits(view);
    let mut found: BTreeMap<Vec<String>, (Path, Vec<f64>)> = BTreeMap::new();
    let begun = view
        .episodes()
        .iter()
        .filter(|episode| (from..to).contains(&episode.first.at));
    for episode in begun {
        let (path, scores) = found.entry(steps(view, episode, &visits)).or_default();
        path.episodes += 1;
        path.contacts += u64::from(episode.contacts);
        path.transfers += u64::from(episode.transfers);
        match episode.closed {
            Some((_, solved)) => path.solved += u64::from(solved),
            None => path.open += 1,
        }
        let tickets = episode.tickets.iter().filter_map(|index| view.row(*index));
        let answers = tickets.flat_map(|ticket| &ticket.answers);
        let ours = answers.filter(|answer| answer.survey == Survey::Csat && answer.at >= episode.first.at);
        scores.extend(ours.map(|answer| answer.score));
    }
    let mut paths: Vec<Path> = found
        .into_iter()
        .map(|(steps, (path, mut scores))| {
            scores.sort_by(f64::total_cmp);
            let csat = (!scores.is_empty()).then(|| scores.iter().sum::<f64>() / scores.len() as f64);
            Path { steps, csat, ..path }
        })
        .collect();
    // Stable: of equally common ones those whose steps come first.
    paths.sort_by_key(|path| std::cmp::Reverse(path.episodes));
    paths
}

fn steps(view: &View<'_>, episode: &Episode, visits: &HashMap<Symbol, Vec<Micros>>) -> Vec<String> {
    let strings = view.facts().strings();
    let customer = view.row(episode.ticket).and_then(|ticket| ticket.base.customer);
    let customer = customer.map(|customer| view.moment().survivor(customer, Micros::MAX));
    let at = episode.first.at;
    let visited = customer
        .and_then(|customer| visits.get(&customer))
        .is_some_and(|times| times.iter().any(|time| (at - BEFORE..=at).contains(time)));
    let first = visited.then(|| SELF_SERVICE.to_owned());
    let channels = episode.path.iter().map(|channel| {
        let text = channel.map(|channel| strings.text(channel).to_owned());
        text.unwrap_or_default()
    });
    first.into_iter().chain(channels).collect()
}

/// When each customer was in the help centre.
fn visits(view: &View<'_>) -> HashMap<Symbol, Vec<Micros>> {
    let mut visits: HashMap<Symbol, Vec<Micros>> = HashMap::new();
    for (_, session) in view.facts().sessions() {
        let steps = session.until(view.as_of());
        let named = steps.iter().find_map(|(_, _, visit)| visit.customer);
        let of_ticket = || {
            let ticket = steps.iter().find_map(|(_, _, visit)| visit.ticket)?;
            view.row(ticket)?.base.customer
        };
        if let Some(customer) = named.or_else(of_ticket) {
            let survivor = view.moment().survivor(customer, Micros::MAX);
            visits
                .entry(survivor)
                .or_default()
                .extend(steps.iter().map(|(at, ..)| *at));
        }
    }
    visits
}

#[cfg(test)]
mod tests;

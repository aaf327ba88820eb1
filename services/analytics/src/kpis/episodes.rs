//! What a matter cost the customer, over all channels and tickets.

use super::{Direction, Kpi, Measure, Observation, Observe, Outcome, Unit, Variant};
use crate::dimensions::{DIMENSIONS, Dimensions};
use crate::episodes::Episode;
use crate::rows::Holder;
use crate::view::View;

const BASE: Kpi = Kpi {
    id: "",
    version: 1,
    title: "",
    formula: "",
    unit: Unit::Ratio,
    direction: Direction::Lower,
    cohort_rule: "event: the episode closed in the period; open: begun in it, not closed. It closes 7 days (after an e-mail 5) after \
                  its last contact was made and all its tickets were solved or closed",
    actor_rule: "no agent; dimensions are those of the first contact",
    calendar_rule: "days of 24 hours, schedules do not matter",
    null_rule: "no episode closed in the period",
    dimensions: DIMENSIONS,
    variants: &[],
};

pub const FCR_NET: Kpi = Kpi {
    id: "fcr_net",
    title: "First contact resolution, net",
    formula: "closed episodes with exactly one contact whose tickets were all solved ÷ closed episodes × 100",
    unit: Unit::Percent,
    direction: Direction::Higher,
    variants: &[Variant {
        id: "",
        unit: Unit::Percent,
        measure: Measure::Share,
        observe: Observe::Gathered(fcr_net),
    }],
    ..BASE
};

pub const CONTACTS_PER_EPISODE: Kpi = Kpi {
    id: "contacts_per_episode",
    title: "Contacts per episode",
    formula: "contacts of closed episodes ÷ closed episodes",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Mean,
        observe: Observe::Gathered(contacts),
    }],
    ..BASE
};

pub const CHANNEL_SWITCHES_PER_EPISODE: Kpi = Kpi {
    id: "channel_switches_per_episode",
    title: "Channel switches per episode",
    formula: "consecutive contacts on different channels in closed episodes ÷ closed episodes",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Mean,
        observe: Observe::Gathered(switches),
    }],
    ..BASE
};

pub const TRANSFERS_PER_EPISODE: Kpi = Kpi {
    id: "transfers_per_episode",
    title: "Transfers per episode",
    formula: "transfers of the tickets of closed episodes from the first contact to the close ÷ closed episodes",
    variants: &[Variant {
        id: "",
        unit: Unit::Ratio,
        measure: Measure::Mean,
        observe: Observe::Gathered(transfers),
    }],
    ..BASE
};

fn fcr_net<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(
        view,
        |episode, solved| Outcome::Hit(solved && episode.contacts == 1),
        found,
    );
}

fn contacts<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(view, |episode, _| Outcome::Value(f64::from(episode.contacts)), found);
}

fn switches<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(view, |episode, _| Outcome::Value(f64::from(episode.switches)), found);
}

fn transfers<'v>(view: &'v View<'v>, found: &mut dyn FnMut(Observation<'v>)) {
    each(view, |episode, _| Outcome::Value(f64::from(episode.transfers)), found);
}

fn each<'v>(view: &'v View<'v>, outcome: fn(&Episode, bool) -> Outcome, found: &mut dyn FnMut(Observation<'v>)) {
    for episode in view.episodes() {
        let Some(ticket) = view.row(episode.ticket) else {
            continue;
        };
        let by = Holder {
            agent: None,
            queue: episode.first.queue,
        };
        let dimensions = Dimensions {
            channel: episode.first.channel,
            ..view.dimensions_at(ticket, by, episode.first.at)
        };
        let (at, outcome) = match episode.closed {
            Some((at, solved)) => (at, outcome(episode, solved)),
            None => (episode.first.at, Outcome::Open),
        };
        found(Observation::of(ticket, at, dimensions, outcome));
    }
}

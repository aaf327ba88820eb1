//! Single customers.

use vorrang_api::analytics::v1::touchpoint::Kind;
use vorrang_api::analytics::v1::{
    CustomerProfile, Journey as ApiJourney, JourneyEffort, JourneyPath, ProfileAgent, ProfileQueue, ProfileTicket,
    ProfileTrait, Touchpoint as ApiTouchpoint,
};

use super::{signed, timestamp};
use crate::buckets::Micros;
use crate::facts::{SessionStep, Survey, Symbol, TicketIndex};
use crate::journey::{Journey, Touchpoint, What};
use crate::paths::Path;
use crate::profile::{Help, Profile, TRAITS, Trait, Waits};
use crate::view::View;

/// Tickets that are told one by one.
const TICKETS_MAX: usize = 500;

fn seconds(micros: Micros) -> f64 {
    micros as f64 / 1e6
}

fn text(view: &View<'_>, symbol: Option<Symbol>) -> String {
    symbol.map_or_else(String::new, |symbol| view.facts().strings().text(symbol).to_owned())
}

fn ticket_name(view: &View<'_>, index: TicketIndex) -> String {
    let ticket = view.facts().tickets().get(index as usize);
    text(view, ticket.and_then(|ticket| ticket.id))
}

/// A profile.
pub fn profile(view: &View<'_>, profile: &Profile) -> CustomerProfile {
    let queue = |(queue, waits): (&Option<Symbol>, &Waits)| ProfileQueue {
        queue: text(view, *queue),
        stay_count: signed(waits.stays),
        accepted_count: signed(waits.accepted),
        left_count: signed(waits.left),
        wait_seconds: seconds(waits.waited),
    };
    let agent = |(agent, help): (&Symbol, &Help)| ProfileAgent {
        agent: text(view, Some(*agent)),
        ticket_count: signed(help.tickets.len() as u64),
        reply_count: signed(help.replies),
        handle_seconds: seconds(help.handled),
        held_seconds: seconds(help.held),
    };
    let mut queues: Vec<ProfileQueue> = profile.queues.iter().map(queue).collect();
    queues.sort_by(|one, other| one.queue.cmp(&other.queue));
    let mut agents: Vec<ProfileAgent> = profile.agents.iter().map(agent).collect();
    agents.sort_by(|one, other| one.agent.cmp(&other.agent));
    let tickets = profile.tickets.iter().take(TICKETS_MAX);
    CustomerProfile {
        customer: text(view, Some(profile.customer)),
        tier: text(view, profile.tier),
        tickets: tickets.filter_map(|index| ticket(view, *index)).collect(),
        ticket_count: signed(profile.tickets.len() as u64),
        queues,
        agents,
        traits: TRAITS
            .iter()
            .zip(&profile.traits)
            .map(|(name, one)| told(name, one))
            .collect(),
        segment_count: signed(profile.segment as u64),
        as_of: timestamp(view.as_of()),
    }
}

fn ticket(view: &View<'_>, index: TicketIndex) -> Option<ProfileTicket> {
    let rows = view.row(index)?;
    let state = match (rows.life.closed, rows.life.solved) {
        (true, _) => "closed",
        (false, true) => "solved",
        (false, false) => "open",
    };
    Some(ProfileTicket {
        ticket: ticket_name(view, index),
        opened_at: timestamp(rows.opened_at),
        channel: text(view, rows.base.channel),
        intent: text(view, rows.base.intent),
        state: state.to_owned(),
        merged_into: if rows.merged {
            ticket_name(view, rows.root)
        } else {
            String::new()
        },
        contact_count: signed(rows.contacts.len() as u64),
        resolution_seconds: rows.standing_solve().map(|solve| seconds(solve.took.elapsed)),
        reopened: rows.reopened(),
    })
}

fn told(name: &str, one: &Trait) -> ProfileTrait {
    ProfileTrait {
        r#trait: name.to_owned(),
        value: one.value,
        segment_mean: one.mean,
        segment_deviation: one.deviation,
        segment_count: signed(one.count as u64),
        z_score: one.z,
        unusual: one.is_unusual(),
    }
}

/// A way with some of its touchpoints.
pub fn journey(view: &View<'_>, journey: &Journey, touchpoints: &[Touchpoint]) -> ApiJourney {
    let effort = &journey.effort;
    let mut channels: Vec<String> = effort
        .channels
        .iter()
        .map(|channel| text(view, Some(*channel)))
        .collect();
    channels.sort_unstable();
    ApiJourney {
        customer: text(view, Some(journey.customer)),
        touchpoints: touchpoints.iter().map(|one| touchpoint(view, one)).collect(),
        effort: Some(JourneyEffort {
            contact_count: signed(effort.contacts),
            ticket_count: signed(effort.tickets.len() as u64),
            channels,
            channel_switch_count: signed(effort.switches),
            transfer_count: signed(effort.transfers),
            abandoned_count: signed(effort.abandoned),
            wait_seconds: seconds(effort.waited),
        }),
        as_of: timestamp(view.as_of()),
        next_page_token: String::new(),
    }
}

/// A way.
pub fn path(path: Path) -> JourneyPath {
    // A way that nobody took is not told.
    let mean = |sum: u64| sum as f64 / path.episodes.max(1) as f64;
    JourneyPath {
        episode_count: signed(path.episodes),
        solved_count: signed(path.solved),
        open_count: signed(path.open),
        mean_contacts: mean(path.contacts),
        mean_transfers: mean(path.transfers),
        mean_csat: path.csat,
        steps: path.steps,
    }
}

fn touchpoint(view: &View<'_>, one: &Touchpoint) -> ApiTouchpoint {
    let (kind, wait, score) = match one.what {
        What::Contact(wait) => (Kind::Contact, wait, None),
        What::Reply => (Kind::Reply, None, None),
        What::Accepted(wait) => (Kind::Accepted, Some(wait), None),
        What::Abandoned(wait) => (Kind::Abandoned, Some(wait), None),
        What::Transferred => (Kind::Transferred, None, None),
        What::Solved(took) => (Kind::Solved, Some(took), None),
        What::Reopened => (Kind::Reopened, None, None),
        What::SurveySent(_) => (Kind::SurveySent, None, None),
        What::SurveyAnswered(_, score) => (Kind::SurveyAnswered, None, Some(score)),
        What::SelfService(_) => (Kind::SelfService, None, None),
        What::Order(_) => (Kind::Order, None, None),
        What::ProactiveContact => (Kind::ProactiveContact, None, None),
        What::Won => (Kind::Won, None, None),
        What::Lost => (Kind::Lost, None, None),
    };
    let detail = match one.what {
        What::SurveySent(survey) | What::SurveyAnswered(survey, _) => survey_word(survey).to_owned(),
        What::SelfService(step) => step_word(step).to_owned(),
        What::Order(id) => text(view, Some(id)),
        _ => String::new(),
    };
    ApiTouchpoint {
        at: timestamp(one.at),
        kind: kind.into(),
        ticket: one.ticket.map_or_else(String::new, |ticket| ticket_name(view, ticket)),
        channel: text(view, one.channel),
        agent: text(view, one.by.agent),
        queue: text(view, one.by.queue),
        detail,
        wait_seconds: wait.map(seconds),
        score,
    }
}

fn survey_word(survey: Survey) -> &'static str {
    match survey {
        Survey::Csat => "csat",
        Survey::CesEffort => "ces_effort",
        Survey::CesEase => "ces_ease",
        Survey::Nps => "nps",
        Survey::OneContact => "one_contact",
        Survey::Pec => "pec",
    }
}

fn step_word(step: SessionStep) -> &'static str {
    match step {
        SessionStep::Started => "started",
        SessionStep::Searched => "searched",
        SessionStep::Viewed => "viewed",
        SessionStep::Solved => "solved",
        SessionStep::Escalated => "escalated",
        SessionStep::Ended => "ended",
    }
}

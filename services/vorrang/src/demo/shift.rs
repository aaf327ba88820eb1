//! The agents' shift: everything that waits is answered, and then counted.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use vorrang_api::feed::v1::{Actor, actor};
use vorrang_api::routing::v1::QueuedContact;
use vorrang_api::ticketing::v1::{
    AnswerSurveyRequest, Channel, CreateMessageRequest, ListTicketsRequest, Message, Ticket, message, ticket,
};
use vorrang_error::Error;

use super::agents::{Assignment, Office};
use super::desk::{Desk, refused};
use super::doors::{self, Pushes};
use super::fixtures;
use super::order::{Served, out_of_order};
use super::stage::Stage;
use super::summary::Summary;
use crate::mail::progress;
use crate::table::{Align, Cell, Paint, Table, shorten, span};

/// An agent: id, name, and how many contacts of each channel they can take at once.
type AtWork = (&'static str, &'static str, &'static [(Channel, usize)]);

const AGENTS: [AtWork; 3] = [
    ("anna", "Anna", &[(Channel::Chat, 2), (Channel::Phone, 1)]),
    ("ben", "Ben", WRITTEN),
    ("chiara", "Chiara", WRITTEN),
];

const WRITTEN: &[(Channel, usize)] = &[
    (Channel::Email, 1),
    (Channel::Web, 1),
    (Channel::Social, 1),
    (Channel::Sms, 1),
    (Channel::Messaging, 1),
    (Channel::Api, 1),
];

/// More rows would push the figures off the screen.
const ROWS_MAX: usize = 40;

/// What the shift did.
pub struct Shift {
    /// Contacts in the order of their first offers.
    pub order: Vec<Served>,
    /// Tickets that were worked on, each once.
    pub served: HashSet<String>,
    /// Messages that agents wrote, by ticket.
    pub replies: HashMap<String, i32>,
}

/// Lets agents work until nothing waits, and shows the order in which contacts were served.
pub async fn work(stage: &Stage, pushes: &mut Pushes, paint: Paint) -> Result<Shift, Error> {
    let desk = &stage.desk;
    let mut office = Office::new(desk.clone());
    let expected = pushes.tickets().len();
    wait_for_queue(&office, expected).await?;
    for (id, name, capacities) in AGENTS {
        office.hire(id, name, capacities).await?;
    }

    let mut shift = Shift {
        order: Vec::new(),
        served: HashSet::new(),
        replies: HashMap::new(),
    };
    let mut table = Table::new(&[
        ("#", Align::Right),
        ("class", Align::Left),
        ("channel", Align::Left),
        ("tier", Align::Left),
        ("waited", Align::Right),
        ("agent", Align::Left),
        ("subject", Align::Left),
    ]);
    let bar = progress(expected, "contacts served");
    // A VIP who comes in the middle of it must be next. Only the demo's own shop has one.
    let mut late = (pushes.answers.iter().any(|pushed| pushed.door == "self-service")).then_some(expected / 2);
    while let Some(assignment) = office.next().await? {
        answer(desk, &assignment, AGENTS[assignment.seat].0, &mut shift).await?;
        office.finish(&assignment).await?;
        if table_has_room(&shift) {
            table.row(row(&shift, &assignment, office.agent(assignment.seat)));
        }
        bar.inc(1);
        if late.is_some_and(|after| shift.served.len() >= after) {
            late = None;
            push_late(stage, pushes, &mut office).await?;
        }
    }
    bar.finish_and_clear();
    shift.order = std::mem::take(&mut office.first_offers);

    println!("{}", paint.bold("In which order contacts were answered"));
    println!("\n{}", table.render(paint));
    if shift.served.len() > ROWS_MAX {
        println!("  and {} more\n", shift.served.len() - ROWS_MAX);
    }
    let rule = "Class first, then due time, then arrival, among the channels that the agent takes.";
    println!("  {}\n", paint.dim(rule));
    Ok(shift)
}

fn table_has_room(shift: &Shift) -> bool {
    shift.served.len() <= ROWS_MAX
}

/// Routing follows ticketing's feed: it has everything within milliseconds, but not before.
async fn wait_for_queue(office: &Office, expected: usize) -> Result<(), Error> {
    const POLLS: u32 = 600;
    for _ in 0..POLLS {
        // While it starts, routing says that its queues are being rebuilt: that is a reason to wait, not to end.
        if office.waiting().await.is_ok_and(|waiting| waiting >= expected) {
            return Ok(());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let waiting = office.waiting().await?;
    Err(Error::unavailable(
        "QUEUE_INCOMPLETE",
        format!("{expected} tickets must wait in the queue, {waiting} do"),
    ))
}

async fn push_late(stage: &Stage, pushes: &mut Pushes, office: &mut Office) -> Result<(), Error> {
    let offered_before = office.first_offers.len();
    doors::by_call(&stage.desk, pushes, fixtures::late_vip(stage.clock.now())).await?;
    let ticket = pushes
        .answers
        .last()
        .map(|pushed| pushed.ticket.clone())
        .unwrap_or_default();
    office.late.insert(ticket.clone(), offered_before);
    office.arrived(&ticket).await
}

/// Replies, solves (all but every seventh, where the customer has to answer first), and asks how it was.
async fn answer(desk: &Desk, assignment: &Assignment, agent: &str, shift: &mut Shift) -> Result<(), Error> {
    let ticket = assignment.contact.ticket.clone();
    shift.served.insert(ticket.clone());
    let number = shift.served.len();
    let solved = !number.is_multiple_of(7);
    let state = if solved {
        ticket::State::Solved
    } else {
        ticket::State::Pending
    };
    let request = CreateMessageRequest {
        request_id: format!("answer-{ticket}"),
        parent: ticket.clone(),
        message: Some(Message {
            actor: Some(Actor {
                kind: actor::Kind::Agent.into(),
                id: format!("agents/{agent}"),
            }),
            visibility: message::Visibility::Public.into(),
            text: "Thank you for your message. This is how it goes on …".to_owned(),
            ..Message::default()
        }),
        state: state.into(),
        ..CreateMessageRequest::default()
    };
    desk.client
        .tickets()
        .create_message(request)
        .await
        .map_err(refused("CreateMessage"))?;
    *shift.replies.entry(ticket.clone()).or_insert(0) += 1;
    // Two of three answer the question, and not all are happy.
    if solved && !number.is_multiple_of(3) {
        let score = [5, 4, 5, 3, 5][number % 5];
        let request = AnswerSurveyRequest {
            request_id: format!("csat-{ticket}"),
            ticket,
            survey: "csat".to_owned(),
            score,
            ..AnswerSurveyRequest::default()
        };
        desk.client
            .tickets()
            .answer_survey(request)
            .await
            .map_err(refused("AnswerSurvey"))?;
    }
    Ok(())
}

fn row(shift: &Shift, assignment: &Assignment, agent: &str) -> Vec<Cell> {
    let QueuedContact {
        class, tier, subject, ..
    } = &assignment.contact;
    let channel = assignment
        .contact
        .channel()
        .as_str_name()
        .trim_start_matches("CHANNEL_")
        .to_lowercase();
    let vip = tier == "vip";
    vec![
        shift.served.len().to_string().into(),
        if class.ends_with("live") {
            Cell::styled(class.as_str(), Paint::green)
        } else {
            class.as_str().into()
        },
        channel.into(),
        if vip {
            Cell::styled("vip", Paint::yellow)
        } else {
            Cell::styled(tier.as_str(), Paint::dim)
        },
        assignment.waited.map(span).unwrap_or_default().into(),
        agent.into(),
        match subject.as_str() {
            "" => Cell::styled("(no subject)", Paint::dim),
            subject => shorten(subject, 44).into(),
        },
    ]
}

/// Counts what was promised against what is there.
pub async fn account(desk: &Desk, pushes: &Pushes, shift: &Shift) -> Result<Summary, Error> {
    let mut summary = pushes.summary();
    summary.served = shift.served.len();
    summary.out_of_order = out_of_order(&shift.order);

    let there = every_ticket(desk).await?;
    let mut lost = pushes.count - pushes.answers.len();
    for (name, contacts) in pushes.tickets() {
        let Some(ticket) = there.get(name) else {
            lost += 1;
            continue;
        };
        let written = contacts + shift.replies.get(name).copied().unwrap_or(0);
        lost += usize::try_from(written - ticket.message_count).unwrap_or(0);
        // It was waited for until nothing waited any more: whoever was not served by then fell out of the queue.
        lost += usize::from(!shift.served.contains(name));
    }
    summary.lost = lost;
    Ok(summary)
}

async fn every_ticket(desk: &Desk) -> Result<HashMap<String, Ticket>, Error> {
    let mut tickets = HashMap::new();
    let mut page_token = String::new();
    loop {
        let request = ListTicketsRequest {
            page_size: 500,
            page_token,
            ..ListTicketsRequest::default()
        };
        let page = desk
            .client
            .tickets()
            .list_tickets(request)
            .await
            .map_err(refused("ListTickets"))?
            .into_inner();
        tickets.extend(page.tickets.into_iter().map(|ticket| (ticket.name.clone(), ticket)));
        page_token = page.next_page_token;
        if page_token.is_empty() {
            return Ok(tickets);
        }
    }
}

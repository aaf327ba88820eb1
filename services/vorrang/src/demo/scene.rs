//! What comes in: the demo's own contacts through every door, or those of a folder through one.

use std::path::PathBuf;

use chrono::TimeDelta;
use vorrang_api::ingestion::v1::Outcome;
use vorrang_error::Error;

use super::doors::{self, Pushes, Webhooks};
use super::figures::Period;
use super::http::Vendor;
use super::stage::Stage;
use super::{fixtures, folder, knowledge};
use crate::mail::progress;
use crate::table::{Align, Cell, Paint, Table};

/// Where the contacts come from. Read before anything is started, so that a wrong folder costs nothing.
pub enum Input {
    Own,
    Mails(Vec<Vec<u8>>),
    Payloads {
        preset: String,
        vendor: Vendor,
        bodies: Vec<Vec<u8>>,
    },
}

impl Input {
    pub fn of(mail: Option<PathBuf>, push: Option<Vec<String>>) -> Result<Self, Error> {
        if let Some(mails) = mail {
            return Ok(Self::Mails(folder::files(&mails)?));
        }
        let Some([preset, payloads]) = push.as_deref() else {
            return Ok(Self::Own);
        };
        let vendor = Vendor::of_preset(preset).ok_or_else(|| {
            Error::invalid_field(
                "--push",
                "the demo can sign for: zendesk-event, chatwoot, whatsapp-cloud",
            )
        })?;
        let bodies = folder::files(&PathBuf::from(payloads))?
            .into_iter()
            .flat_map(folder::payloads)
            .collect();
        Ok(Self::Payloads {
            preset: preset.clone(),
            vendor,
            bodies,
        })
    }
}

/// Pushes it all and shows what became of it.
pub async fn push(stage: &Stage, input: Input, paint: Paint) -> Result<Pushes, Error> {
    let desk = &stage.desk;
    let mut pushes = Pushes::default();
    let mut webhooks = Webhooks::new(stage.clock.clone());
    let mut self_service = None;
    match input {
        Input::Own => {
            let now = stage.clock.now();
            doors::by_stream(desk, &mut pushes, fixtures::from_crm(now)).await?;
            for mail in fixtures::mails(now) {
                doors::by_mail(desk, &mut pushes, mail).await?;
            }
            for (vendor, body) in fixtures::payloads(now) {
                webhooks
                    .push(desk, &mut pushes, (vendor.preset(), vendor), &body)
                    .await?;
            }
            for request in fixtures::live(now) {
                doors::by_call(desk, &mut pushes, request).await?;
            }
            self_service = Some(knowledge::play(desk, &mut pushes, fixtures::escalated(now)).await?);
        }
        Input::Mails(mails) => {
            let bar = progress(mails.len(), "mails");
            for mail in mails {
                doors::by_mail(desk, &mut pushes, mail).await?;
                bar.inc(1);
            }
            bar.finish_and_clear();
        }
        Input::Payloads { preset, vendor, bodies } => {
            let bar = progress(bodies.len(), "payloads");
            for body in bodies {
                webhooks.push(desk, &mut pushes, (&preset, vendor), &body).await?;
                bar.inc(1);
            }
            bar.finish_and_clear();
        }
    }
    println!("{}", paint.bold("What came in"));
    println!("\n{}", by_door(&pushes).render(paint));
    if let Some(line) = self_service {
        println!("  {line}\n");
    }
    Ok(pushes)
}

/// Outcomes in the order of the summary, with their columns' heads.
const OUTCOMES: [(Outcome, &str); 4] = [
    (Outcome::Created, "created"),
    (Outcome::Appended, "appended"),
    (Outcome::Duplicate, "duplicate"),
    (Outcome::Quarantined, "quarantined"),
];

fn by_door(pushes: &Pushes) -> Table {
    let mut head = vec![("door", Align::Left), ("pushed", Align::Right)];
    head.extend(OUTCOMES.map(|(_, name)| (name, Align::Right)));
    let mut table = Table::new(&head);
    let mut doors: Vec<&str> = Vec::new();
    for pushed in &pushes.answers {
        if !doors.contains(&pushed.door) {
            doors.push(pushed.door);
        }
    }
    for door in doors {
        let count = |wanted: Option<Outcome>| {
            let of_door = pushes.answers.iter().filter(|pushed| pushed.door == door);
            of_door
                .filter(|pushed| wanted.is_none_or(|outcome| outcome == pushed.outcome))
                .count()
        };
        let mut row: Vec<Cell> = vec![door.into(), count(None).to_string().into()];
        row.extend(OUTCOMES.map(|(outcome, _)| match count(Some(outcome)) {
            0 => Cell::styled("·", Paint::dim),
            some if outcome == Outcome::Quarantined => Cell::styled(some.to_string(), Paint::yellow),
            some => some.to_string().into(),
        }));
        table.row(row);
    }
    table
}

/// What the figures are about: all that can be asked for at once, since real mails are of any age.
pub fn period(stage: &Stage) -> Period {
    const YEARS_MAX: i64 = 10;
    let to = stage.clock.now() + TimeDelta::seconds(1);
    Period {
        from: to - TimeDelta::days(365 * YEARS_MAX),
        to,
    }
}

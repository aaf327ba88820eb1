//! Says what an automation would do, and does nothing.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::test_automation_request::{Newest, On, What};
use vorrang_error::{Error, Violations};

use super::fit;
use crate::app::App;
use crate::automation::Automation;
use crate::convert::{self, input};
use crate::store::Candidates;

/// Tickets of one test: each is read with its messages.
const COUNT_MAX: i32 = 100;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::TestAutomationRequest>,
) -> Result<pb::TestAutomationResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let on = match &request.on {
        Some(On::Ticket(name)) => Candidates::One(input::ticket_ref("ticket", name, &mut violations)),
        Some(On::Newest(newest)) => candidates(newest, &mut violations),
        None => {
            violations.add("ticket", "must be given, or newest");
            Candidates::Newest(0, None, None)
        }
    };
    let mut named = None;
    let mut thought_of = None;
    match &request.what {
        Some(What::Automation(name)) => named = Some(input::automation_id("automation", name, &mut violations)),
        Some(What::Definition(given)) => {
            let (definitions, sub_states) = app.nameable(&tenant).await?;
            let known = input::Known {
                definitions: &definitions,
                sub_states: &sub_states,
            };
            let profile = input::automation_profile("definition", given, None, &known, &mut violations);
            app.check_named(&tenant, "definition.actions", &profile.actions, &mut violations)
                .await?;
            thought_of = Some(Automation::new(Uuid::nil(), profile, 0, app.store.now()));
        }
        None => violations.add("automation", "must be given, or a definition"),
    }
    violations.into_result()?;
    let automation = match (named, thought_of) {
        (Some(id), _) => app.store.automation(&tenant, id, None).await?,
        (None, Some(automation)) => automation,
        (None, None) => return Ok(pb::TestAutomationResponse::default()),
    };
    let tested = app.store.test_automation(&tenant, automation, on).await?;
    let mut results: Vec<_> = tested.iter().map(convert::tested).collect();
    results.truncate(usize::try_from(fit::fitting(&results)).unwrap_or(usize::MAX));
    Ok(pb::TestAutomationResponse { results })
}

fn candidates(newest: &Newest, violations: &mut Violations) -> Candidates {
    if !(1..=COUNT_MAX).contains(&newest.count) {
        violations.add("newest.count", format!("must be 1 to {COUNT_MAX}"));
    }
    let from = input::time("newest.opened_from", newest.opened_from.as_ref(), violations);
    let to = input::time("newest.opened_to", newest.opened_to.as_ref(), violations);
    if let (Some(from), Some(to)) = (from, to)
        && from >= to
    {
        violations.add("newest.opened_to", "must be after opened_from");
    }
    Candidates::Newest(u64::try_from(newest.count).unwrap_or(0), from, to)
}

//! Lists what automations did.

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::list_automation_runs_request::Of;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use super::fit;
use crate::app::App;
use crate::convert::{self, input};
use crate::store::RunFilter;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListAutomationRunsRequest>,
) -> Result<pb::ListAutomationRunsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let (filter, of) = match &request.of {
        Some(Of::Ticket(name)) => (
            Some(RunFilter::Ticket(input::ticket_ref("ticket", name, &mut violations))),
            name.as_str(),
        ),
        Some(Of::Automation(name)) => (
            Some(RunFilter::Automation(input::automation_id(
                "automation",
                name,
                &mut violations,
            ))),
            name.as_str(),
        ),
        None => {
            violations.add("ticket", "must be given, or the automation");
            (None, "")
        }
    };
    let mut page = Page::<Uuid>::parse(
        request.page_size,
        &request.page_token,
        &["automationRuns", of],
        &mut violations,
    );
    violations.into_result()?;
    let Some(filter) = filter else {
        return Ok(pb::ListAutomationRunsResponse::default());
    };
    let mut found = app.store.automation_runs(&tenant, filter, &page).await?;
    let written: Vec<pb::AutomationRun> = found.iter().map(convert::stored_run).collect();
    page.size = page.size.min(fit::fitting(&written));
    let next_page_token = page.cut(&mut found, |last| last.run.id);
    Ok(pb::ListAutomationRunsResponse {
        runs: written.into_iter().take(found.len()).collect(),
        next_page_token,
    })
}

//! Adds the holidays of an iCalendar file to a schedule.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ImportHolidaysRequest>,
) -> Result<pb::ImportHolidaysResponse, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "ImportHolidays",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let id = input::schedule_id("name", &request.name, &mut violations);
    let present = app.store.present_year();
    let years = input::years(request.first_year, request.last_year, present, &mut violations);
    if request.calendar.is_empty() {
        violations.add("calendar", "must be given");
    }
    violations.into_result()?;
    let (calendar, asked) = (request.calendar, years.clone());
    app.store
        .change_schedule(
            &call,
            id,
            &request.etag,
            move |stored, now| stored.import(&calendar, &asked, now),
            |stored, imported| convert::imported(stored, &years, &imported),
        )
        .await
}

use tonic::Request;
use uuid::Uuid;
use vorrang_api::ingestion::v1::quarantine_item::State;
use vorrang_api::ingestion::v1::{ListQuarantineItemsRequest, ListQuarantineItemsResponse};
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;
use crate::store::QuarantineState;

pub async fn handle(
    app: &App,
    request: Request<ListQuarantineItemsRequest>,
) -> Result<ListQuarantineItemsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let state = match State::try_from(request.state) {
        Ok(State::Unspecified | State::Waiting) => QuarantineState::Waiting,
        Ok(State::Released) => QuarantineState::Released,
        Ok(State::Discarded) => QuarantineState::Discarded,
        Ok(State::NeedsEnrichment) => QuarantineState::NeedsEnrichment,
        Err(_) => {
            violations.add("state", "must be one of the states");
            QuarantineState::Waiting
        }
    };
    let arguments = [request.state.to_string()];
    let page: Page<(i64, Uuid)> = Page::parse(
        request.page_size,
        &request.page_token,
        &[arguments[0].as_str()],
        &mut violations,
    );
    violations.into_result()?;
    let mut items = app
        .store
        .quarantine_items(&tenant, state, page.after, page.limit())
        .await?;
    let next_page_token = page.cut(&mut items, |last| (last.received_at.timestamp_micros(), last.id));
    Ok(ListQuarantineItemsResponse {
        quarantine_items: items
            .into_iter()
            .map(|item| convert::quarantine_item(item, Vec::new()))
            .collect(),
        next_page_token,
    })
}

//! Lists the tenant's own fields.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::Page;

use crate::app::App;
use crate::convert;
use crate::rpc::fit::fitting;

/// See the contract. A tenant has few of them: all are read, and a page is cut out.
pub async fn handle(
    app: &App,
    request: Request<pb::ListTicketFieldsRequest>,
) -> Result<pb::ListTicketFieldsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let arguments = ["ticket_fields"];
    let mut page = Page::<(i32, String)>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    violations.into_result()?;
    let definitions = app.store.ticket_fields(&tenant).await?;
    let mut all: Vec<_> = definitions.iter().collect();
    all.sort_by_key(|one| (one.profile.position, &one.id));
    if let Some((position, id)) = &page.after {
        all.retain(|one| (one.profile.position, &one.id) > (*position, id));
    }
    let mut rows: Vec<_> = all.into_iter().map(|one| (one, convert::ticket_field(one))).collect();
    let fields: Vec<pb::TicketField> = rows.iter().map(|(_, field)| field.clone()).collect();
    page.size = page.size.min(fitting(&fields));
    let next_page_token = page.cut(&mut rows, |(one, _)| (one.profile.position, one.id.clone()));
    Ok(pb::ListTicketFieldsResponse {
        ticket_fields: rows.into_iter().map(|(_, field)| field).collect(),
        next_page_token,
    })
}

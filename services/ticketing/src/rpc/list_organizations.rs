//! Lists organisations, newest first.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use uuid::Uuid;
use vorrang_service::Page;

use super::fit::fitting;
use crate::app::App;
use crate::convert::{self, input};
use crate::names;
use crate::store::WantedOrganizations;

/// See the contract.
pub async fn handle(
    app: &App,
    request: Request<pb::ListOrganizationsRequest>,
) -> Result<pb::ListOrganizationsResponse, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let request = request.into_inner();
    let mut violations = Violations::new();
    let arguments = ["organizations", &request.domain, &request.external_id];
    let mut page = Page::<Uuid>::parse(request.page_size, &request.page_token, &arguments, &mut violations);
    let domain = (!request.domain.is_empty()).then(|| violations.take("domain", input::domain(&request.domain)));
    let external_id = (!request.external_id.is_empty())
        .then(|| violations.take("external_id", input::external_id(&request.external_id)));
    violations.into_result()?;
    let wanted = WantedOrganizations {
        domain: domain.flatten(),
        external_id: external_id.flatten(),
    };
    let organizations = app
        .store
        .organizations(&tenant, &wanted, page.after, page.limit())
        .await?;
    let mut organizations: Vec<pb::Organization> = organizations.iter().map(convert::organization).collect();
    page.size = page.size.min(fitting(&organizations));
    let next_page_token = page.cut(&mut organizations, |organization| {
        names::parse_organization(&organization.name).unwrap_or_default()
    });
    Ok(pb::ListOrganizationsResponse {
        organizations,
        next_page_token,
    })
}

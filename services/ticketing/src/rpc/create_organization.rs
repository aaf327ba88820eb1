//! Makes an organisation known.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::CreateOrganizationRequest>) -> Result<pb::Organization, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "CreateOrganization",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    if request.organization.is_none() {
        violations.add("organization", "must be given");
    }
    let given = request.organization.unwrap_or_default();
    let profile = input::organization_profile("organization", &given, true, &mut violations);
    violations.into_result()?;
    app.store
        .create_organization(&call, profile, convert::organization)
        .await
}

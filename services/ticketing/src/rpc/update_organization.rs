//! Changes fields of an organisation.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{self, App};
use crate::convert::{self, input};
use crate::organization::Field;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::UpdateOrganizationRequest>) -> Result<pb::Organization, Error> {
    let mut violations = Violations::new();
    let call = app::call(
        "UpdateOrganization",
        &request,
        &request.get_ref().request_id,
        &mut violations,
    )?;
    let request = request.into_inner();
    let given = request.organization.unwrap_or_default();
    let id = input::organization_id("organization.name", &given.name, &mut violations);
    let mask = input::organization_mask(request.update_mask.as_ref(), &mut violations);
    let named = mask.contains(&Field::DisplayName);
    let profile = input::organization_profile("organization", &given, named, &mut violations);
    violations.into_result()?;
    app.store
        .update_organization(&call, id, &given.etag, (&profile, &mask), convert::organization)
        .await
}

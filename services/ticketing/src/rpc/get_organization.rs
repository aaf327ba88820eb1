//! Reads one organisation.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::App;
use crate::convert::{self, input};

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::GetOrganizationRequest>) -> Result<pb::Organization, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let mut violations = Violations::new();
    let id = input::organization_id("name", &request.get_ref().name, &mut violations);
    violations.into_result()?;
    let organization = app.store.organization(&tenant, id).await?;
    Ok(convert::organization(&organization))
}

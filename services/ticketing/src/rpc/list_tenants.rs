//! Lists all tenants, for services that act for all of them.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_error::Error;
use vorrang_identity::Tenant;

use crate::app::App;

/// See the contract.
pub async fn handle(app: &App, request: Request<pb::ListTenantsRequest>) -> Result<pb::ListTenantsResponse, Error> {
    match vorrang_service::caller(&request)?.tenant {
        Tenant::All => Ok(pb::ListTenantsResponse {
            tenants: app.store.tenants().await?,
        }),
        Tenant::One(_) => Err(Error::invalid_field(
            "authorization",
            "this method needs a credential for all tenants",
        )),
    }
}

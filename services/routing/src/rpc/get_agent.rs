use tonic::Request;
use vorrang_api::routing::v1 as pb;
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::GetAgentRequest>) -> Result<pb::Agent, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::agent(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    Ok(convert::agent(&app.store.agent(&tenant, &id).await?))
}

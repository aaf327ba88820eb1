use tonic::Request;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::GetSessionRequest>) -> Result<pb::Session, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse("sessions", &request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    let session = app.store.session(&tenant, id).await?;
    Ok(convert::session(&session))
}

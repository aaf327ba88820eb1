use tonic::Request;
use vorrang_api::ingestion::v1::{DiscardQuarantineItemRequest, QuarantineItem};
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

pub async fn handle(app: &App, request: Request<DiscardQuarantineItemRequest>) -> Result<QuarantineItem, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse_quarantine_item(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    Ok(convert::quarantine_item(
        app.store.discard(&tenant, id).await?,
        Vec::new(),
    ))
}

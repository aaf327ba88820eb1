use tonic::Request;
use vorrang_api::ingestion::v1::{GetReceiptRequest, Receipt};
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

pub async fn handle(app: &App, request: Request<GetReceiptRequest>) -> Result<Receipt, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse_receipt(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    Ok(convert::receipt(app.store.receipt(&tenant, id).await?))
}

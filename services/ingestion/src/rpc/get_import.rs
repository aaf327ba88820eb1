use tonic::Request;
use vorrang_api::ingestion::v1::{GetImportRequest, Import};
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

pub async fn handle(app: &App, request: Request<GetImportRequest>) -> Result<Import, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse_import(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    Ok(convert::import(&app.store.import(&tenant, id).await?))
}

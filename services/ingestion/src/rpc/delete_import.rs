use tonic::Request;
use vorrang_api::ingestion::v1::DeleteImportRequest;
use vorrang_error::Error;

use crate::app::App;
use crate::names;

pub async fn handle(app: &App, request: Request<DeleteImportRequest>) -> Result<(), Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse_import(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    app.store.delete_import(&tenant, id).await
}

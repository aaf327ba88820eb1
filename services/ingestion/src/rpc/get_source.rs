use tonic::Request;
use vorrang_api::ingestion::v1::{GetSourceRequest, Source};
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

pub async fn handle(app: &App, request: Request<GetSourceRequest>) -> Result<Source, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse_source(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    let source = app.store.source(&tenant, &id).await?;
    let rejected = app.rejected.of(&source.id);
    Ok(convert::source(source, String::new(), rejected))
}

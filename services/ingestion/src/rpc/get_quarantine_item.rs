use tonic::Request;
use vorrang_api::ingestion::v1::{GetQuarantineItemRequest, QuarantineItem};
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

/// Most raw bytes in an answer: clients stop at 4 MiB.
const SHOWN: usize = 3 << 20;

pub async fn handle(app: &App, request: Request<GetQuarantineItemRequest>) -> Result<QuarantineItem, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse_quarantine_item(&request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    let item = app.store.quarantine_item(&tenant, id).await?;
    let raw = app.store.raw(&tenant, &item.raw_sha256).await?;
    let mut content = raw.map(|raw| raw.content).unwrap_or_default();
    content.truncate(SHOWN);
    Ok(convert::quarantine_item(item, content))
}

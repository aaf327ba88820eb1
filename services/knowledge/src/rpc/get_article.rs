use tonic::Request;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::Error;

use crate::app::App;
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::GetArticleRequest>) -> Result<pb::Article, Error> {
    let tenant = vorrang_service::tenant(&request)?;
    let id = names::parse("articles", &request.get_ref().name).map_err(|why| Error::invalid_field("name", why))?;
    let article = app.store.article(&tenant, id).await?;
    Ok(convert::article(&article))
}

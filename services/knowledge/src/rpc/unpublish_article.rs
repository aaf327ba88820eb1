use tonic::Request;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::check_etag;

use crate::app::{App, By};
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::UnpublishArticleRequest>) -> Result<pb::Article, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call(
        "UnpublishArticle",
        &request,
        &message.request_id,
        By::Credential,
        &mut violations,
    )?;
    let id = violations.take("name", names::parse("articles", &message.name));
    violations.into_result()?;

    let answer = app
        .store
        .change_article(&call, id.unwrap_or_default(), |article| {
            check_etag(&message.etag, article.revision)?;
            Ok(article.unpublish(call.now))
        })
        .await?;
    convert::article_answer(answer)
}

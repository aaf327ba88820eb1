use tonic::Request;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{App, By};
use crate::article::{Article, Field};
use crate::convert;

pub(crate) async fn handle(app: &App, request: Request<pb::CreateArticleRequest>) -> Result<pb::Article, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call(
        "CreateArticle",
        &request,
        &message.request_id,
        By::Credential,
        &mut violations,
    )?;
    let text = convert::text(message.article.as_ref(), &Field::EVERY, &mut violations);
    violations.into_result()?;

    let (article, event) = Article::create(app.ids.next(call.now), text, call.now);
    let answer = app.store.create_article(&call, article, event).await?;
    convert::article_answer(answer)
}

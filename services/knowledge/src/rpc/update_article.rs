use tonic::Request;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::{Error, Violations};
use vorrang_service::check_etag;

use crate::app::{App, By};
use crate::article::Field;
use crate::{convert, names};

pub(crate) async fn handle(app: &App, request: Request<pb::UpdateArticleRequest>) -> Result<pb::Article, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call(
        "UpdateArticle",
        &request,
        &message.request_id,
        By::Credential,
        &mut violations,
    )?;
    let fields = mask(message, &mut violations);
    let text = convert::text(message.article.as_ref(), &fields, &mut violations);
    let (name, etag) = message
        .article
        .as_ref()
        .map_or(("", ""), |article| (&article.name, &article.etag));
    let id = violations.take("article.name", names::parse("articles", name));
    violations.into_result()?;

    let answer = app
        .store
        .change_article(&call, id.unwrap_or_default(), |article| {
            check_etag(etag, article.revision)?;
            Ok(article.update(&text, &fields, call.now))
        })
        .await?;
    convert::article_answer(answer)
}

fn mask(message: &pb::UpdateArticleRequest, violations: &mut Violations) -> Vec<Field> {
    let paths = message
        .update_mask
        .as_ref()
        .map(|mask| mask.paths.as_slice())
        .unwrap_or_default();
    if paths.is_empty() {
        violations.add("update_mask", "must name at least one field");
    }
    let mut fields = Vec::new();
    for (at, path) in paths.iter().enumerate() {
        match Field::parse(path) {
            Some(field) if fields.contains(&field) => {}
            Some(field) => fields.push(field),
            None => violations.add(
                format!("update_mask.paths[{at}]"),
                "cannot be changed; fields are locale, title, body, tags and category",
            ),
        }
    }
    fields
}

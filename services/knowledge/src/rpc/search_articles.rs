use std::collections::HashMap;

use tonic::Request;
use uuid::Uuid;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::{Error, Violations};

use crate::app::{App, By};
use crate::article::Article;
use crate::{convert, locale, names};

const QUERY_MAX_CHARS: usize = 1_000;
const LIMIT_DEFAULT: usize = 10;
const LIMIT_MAX: usize = 50;

pub(crate) async fn handle(
    app: &App,
    request: Request<pb::SearchArticlesRequest>,
) -> Result<pb::SearchArticlesResponse, Error> {
    let mut violations = Violations::new();
    let message = request.get_ref();
    let call = app.call("SearchArticles", &request, "", By::Customer, &mut violations)?;
    let query = message.query.trim();
    if query.is_empty() || query.chars().count() > QUERY_MAX_CHARS {
        violations.add("query", "must have 1 to 1000 characters");
    }
    if query.contains('\0') {
        violations.add("query", "must not contain the character U+0000");
    }
    let locale = violations
        .take("locale", locale::parse_optional(&message.locale))
        .flatten();
    let limit = match usize::try_from(message.limit) {
        Ok(0) => LIMIT_DEFAULT,
        Ok(limit) => limit.min(LIMIT_MAX),
        Err(_) => {
            violations.add("limit", "must not be negative");
            LIMIT_DEFAULT
        }
    };
    let session = match message.session.as_str() {
        "" => None,
        name => violations.take("session", names::parse("sessions", name)),
    };
    violations.into_result()?;

    let language = locale.as_deref().map(locale::language_of);
    let found = app.search.search(&call.tenant, query, language, limit).await?;
    let ids: Vec<Uuid> = found.hits.iter().filter_map(|hit| hit.id.parse().ok()).collect();
    let articles = app.store.published_excerpts(&call.tenant, &ids).await?;
    let mut articles: HashMap<String, Article> = articles
        .into_iter()
        .map(|article| (article.id.to_string(), article))
        .collect();
    // What was unpublished a moment ago is still in the index but must not be shown: the database decides.
    let (scores, mut articles): (Vec<f32>, Vec<Article>) = found
        .hits
        .iter()
        .filter_map(|hit| Some((hit.score, articles.remove(&hit.id)?)))
        .unzip();
    let texts = articles
        .iter_mut()
        .map(|article| (article.text.locale.clone(), std::mem::take(&mut article.text.body)))
        .collect();
    let passages = found.passages(texts).await?;
    let results: Vec<_> = scores
        .into_iter()
        .zip(&articles)
        .zip(passages)
        .map(|((score, article), snippet_html)| pb::SearchResult {
            article: Some(convert::article(article)),
            score: score.into(),
            snippet_html,
        })
        .collect();
    if let Some(session) = session {
        let result_count = i32::try_from(results.len()).unwrap_or(i32::MAX);
        app.store
            .change_session(&call, session, None, |session| {
                Ok(Some(session.search(query.to_owned(), result_count)))
            })
            .await?;
    }
    Ok(pb::SearchArticlesResponse { results })
}

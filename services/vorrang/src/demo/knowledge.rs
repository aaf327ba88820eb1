//! Customers who help themselves, and one who does not succeed.

use vorrang_api::ingestion::v1::{Contact, Outcome};
use vorrang_api::knowledge::v1::{
    Article, CreateArticleRequest, EscalateSessionRequest, PublishArticleRequest, RecordViewRequest,
    SearchArticlesRequest, Session, SolveSessionRequest, StartSessionRequest, escalate_session_request,
};
use vorrang_error::Error;

use super::desk::{Desk, refused};
use super::doors::Pushes;

const ARTICLES: [(&str, &str, &str); 3] = [
    (
        "de",
        "Espressomaschine entkalken",
        "Füllen Sie den Entkalker ein und halten Sie die Taste fünf Sekunden gedrückt.",
    ),
    (
        "de",
        "Lieferung und Versandkosten",
        "Ab 40 Euro liefern wir frei Haus. Pakete kommen in zwei bis drei Tagen an.",
    ),
    (
        "en",
        "Choosing the right grind",
        "Coarse for a French press, fine for espresso, in between for a filter.",
    ),
];

/// What a customer looks for, in their language.
const QUESTIONS: [(&str, &str); 4] = [
    ("de", "maschine entkalken"),
    ("de", "versandkosten"),
    ("en", "grind for french press"),
    ("de", "entkalkung endet nicht"),
];

/// Publishes articles and lets customers search. All but the last find what they need; the last is handed over.
pub async fn play(desk: &Desk, pushes: &mut Pushes, handed_over: Contact) -> Result<String, Error> {
    for (number, (locale, title, body)) in ARTICLES.into_iter().enumerate() {
        let article = Article {
            locale: locale.to_owned(),
            title: title.to_owned(),
            body: body.to_owned(),
            ..Article::default()
        };
        let request = CreateArticleRequest {
            request_id: format!("article-{number}"),
            article: Some(article),
        };
        let article = desk
            .client
            .articles()
            .create_article(request)
            .await
            .map_err(refused("CreateArticle"))?
            .into_inner();
        let request = PublishArticleRequest {
            name: article.name,
            ..PublishArticleRequest::default()
        };
        desk.client
            .articles()
            .publish_article(request)
            .await
            .map_err(refused("PublishArticle"))?;
    }
    let (mut found, mut solved) = (0, 0);
    for (number, (locale, query)) in QUESTIONS.into_iter().enumerate() {
        let session = start(desk, number, locale).await?;
        if let Some(article) = search(desk, &session, locale, query).await? {
            found += 1;
            let request = RecordViewRequest {
                name: session.clone(),
                article,
                ..RecordViewRequest::default()
            };
            desk.client
                .sessions()
                .record_view(request)
                .await
                .map_err(refused("RecordView"))?;
        }
        if number + 1 == QUESTIONS.len() {
            escalate(desk, pushes, session, handed_over).await?;
            break;
        }
        let request = SolveSessionRequest {
            name: session,
            ..SolveSessionRequest::default()
        };
        desk.client
            .sessions()
            .solve_session(request)
            .await
            .map_err(refused("SolveSession"))?;
        solved += 1;
    }
    let asked = QUESTIONS.len();
    Ok(format!(
        "{asked} customers searched the articles, {found} found one, {solved} needed nobody, 1 was handed over"
    ))
}

async fn start(desk: &Desk, number: usize, locale: &str) -> Result<String, Error> {
    let session = Session {
        place: "help-center".to_owned(),
        locale: locale.to_owned(),
        ..Session::default()
    };
    let request = StartSessionRequest {
        request_id: format!("session-{number}"),
        session: Some(session),
    };
    let session = desk
        .client
        .sessions()
        .start_session(request)
        .await
        .map_err(refused("StartSession"))?;
    Ok(session.into_inner().name)
}

/// The best article, waiting for the index as a page in a browser would not have to: it is behind by up to a second.
async fn search(desk: &Desk, session: &str, locale: &str, query: &str) -> Result<Option<String>, Error> {
    for _ in 0..20 {
        let request = SearchArticlesRequest {
            query: query.to_owned(),
            locale: locale.to_owned(),
            session: session.to_owned(),
            ..SearchArticlesRequest::default()
        };
        let response = desk
            .client
            .articles()
            .search_articles(request)
            .await
            .map_err(refused("SearchArticles"))?;
        let best = response.into_inner().results.into_iter().next();
        if let Some(article) = best.and_then(|result| result.article) {
            return Ok(Some(article.name));
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    Ok(None)
}

async fn escalate(desk: &Desk, pushes: &mut Pushes, session: String, contact: Contact) -> Result<(), Error> {
    pushes.count += 1;
    let request = EscalateSessionRequest {
        name: session,
        escalation: Some(escalate_session_request::Escalation::Contact(contact)),
        ..EscalateSessionRequest::default()
    };
    let session = desk
        .client
        .sessions()
        .escalate_session(request)
        .await
        .map_err(refused("EscalateSession"))?
        .into_inner();
    pushes.answered("self-service", Outcome::Created, session.ticket);
    Ok(())
}

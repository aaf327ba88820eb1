use tonic::Code;
use vorrang_api::knowledge::v1::{
    Article, GetSessionRequest, SearchArticlesRequest, SearchResult, UnpublishArticleRequest,
};
use vorrang_client::Client;
use vorrang_testkit::{DEADLINE, TestDatabase, both_engines, wait_for};

use crate::support::{Desk, draft, publish, refusal, session, violations};

fn asks(query: &str) -> SearchArticlesRequest {
    SearchArticlesRequest {
        query: query.into(),
        ..SearchArticlesRequest::default()
    }
}

async fn search(client: &Client, request: SearchArticlesRequest) -> Vec<SearchResult> {
    client
        .articles()
        .search_articles(request)
        .await
        .expect("searches")
        .into_inner()
        .results
}

async fn wait_until_found(client: &Client, query: &str) -> Vec<SearchResult> {
    wait_for(DEADLINE, "the article is found", || async {
        Some(search(client, asks(query)).await).filter(|results| !results.is_empty())
    })
    .await
}

both_engines! {
    async fn what_is_published_is_found_in_every_spelling(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let article = publish(&client, draft("de", "Retoure", "Die Rückgabe ist <kostenlos>.")).await;
        let results = wait_until_found(&client, "rueckgabe").await;
        assert_eq!(results.len(), 1);
        assert_eq!(results[0].article, Some(Article { body: String::new(), ..article.clone() }));
        assert_eq!(results[0].snippet_html, "Die <b>Rückgabe</b> ist &lt;kostenlos&gt;.");
        assert!(results[0].score > 0.0);
        for spelling in ["Rückgabe", "Ruckgabe", "Wie geht die RÜCKGABE?"] {
            assert_eq!(search(&client, asks(spelling)).await.len(), 1, "{spelling}");
        }
        for locale in ["de", "de-AT", "DE"] {
            let request = SearchArticlesRequest { locale: locale.into(), ..asks("Rückgabe") };
            assert_eq!(search(&client, request).await.len(), 1, "{locale}");
        }
        let english = SearchArticlesRequest { locale: "en".into(), ..asks("Rückgabe") };
        assert!(search(&client, english).await.is_empty());
        assert!(search(&desk.client("other").await, asks("Rückgabe")).await.is_empty(), "another tenant");

        let request = UnpublishArticleRequest { name: article.name, ..UnpublishArticleRequest::default() };
        client.articles().unpublish_article(request).await.expect("takes back");
        assert!(search(&client, asks("Rückgabe")).await.is_empty(), "at once, since the database decides");
    }

    async fn a_search_in_a_session_is_recorded(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let session = session(&client).await;
        let request = SearchArticlesRequest { session: session.name.clone(), ..asks("nothing of it") };
        assert!(search(&client, request.clone()).await.is_empty());
        search(&client, request).await;
        let name = session.name;
        let session = client.sessions().get_session(GetSessionRequest { name }).await.expect("reads").into_inner();
        assert_eq!(session.search_count, 2);
        let stranger = SearchArticlesRequest { session: session.name, ..asks("x") };
        let answer = desk.client("other").await.articles().search_articles(stranger).await;
        assert_eq!(refusal(answer), (Code::NotFound, "RESOURCE_NOT_FOUND".to_owned()));
    }

    async fn a_wrong_search_names_everything_that_is_wrong(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let wrong = SearchArticlesRequest { query: " ".into(), locale: "?".into(), limit: -1, session: "s".into() };
        let fields = violations(client.articles().search_articles(wrong).await);
        assert_eq!(fields, ["query", "locale", "limit", "session"]);
        let long = asks(&"x ".repeat(501));
        assert_eq!(violations(client.articles().search_articles(long).await), ["query"]);
        assert_eq!(violations(client.articles().search_articles(asks("a\0b")).await), ["query"]);
    }
}

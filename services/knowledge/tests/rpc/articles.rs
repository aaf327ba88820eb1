use tonic::Code;
use vorrang_api::knowledge::v1::article::State;
use vorrang_api::knowledge::v1::{
    Article, CreateArticleRequest, GetArticleRequest, ListArticlesRequest, PublishArticleRequest,
    UnpublishArticleRequest, UpdateArticleRequest,
};
use vorrang_testkit::{TestDatabase, both_engines};

use crate::support::{Desk, draft, publish, refusal, violations};

fn create(article: Article) -> CreateArticleRequest {
    CreateArticleRequest {
        request_id: String::new(),
        article: Some(article),
    }
}

fn update(article: Article, paths: &[&str]) -> UpdateArticleRequest {
    UpdateArticleRequest {
        request_id: String::new(),
        article: Some(article),
        update_mask: Some(prost_types::FieldMask {
            paths: paths.iter().map(|path| (*path).to_owned()).collect(),
        }),
    }
}

both_engines! {
    async fn an_article_lives_from_draft_to_published_and_back(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut articles = client.articles();
        let mut sent = draft("DE-at", " Rückgabe ", "14 Tage");
        sent.tags = vec!["b".into(), "a".into(), "b".into()];
        let created = articles.create_article(create(sent)).await.expect("creates").into_inner();
        assert_eq!((created.locale.as_str(), created.title.as_str()), ("de-at", "Rückgabe"));
        assert_eq!((created.tags.as_slice(), created.version), (["a".to_owned(), "b".to_owned()].as_slice(), 1));
        assert_eq!((created.state(), created.etag.as_str()), (State::Draft, "\"1\""));

        let changed = Article { name: created.name.clone(), body: "30 Tage".into(), ..Article::default() };
        let changed = articles.update_article(update(changed, &["body"])).await.expect("updates").into_inner();
        assert_eq!((changed.title.as_str(), changed.body.as_str(), changed.version), ("Rückgabe", "30 Tage", 2));

        let name = created.name;
        let request = PublishArticleRequest { name: name.clone(), ..PublishArticleRequest::default() };
        let published = articles.publish_article(request).await.expect("publishes").into_inner();
        assert_eq!((published.state(), published.version), (State::Published, 2));
        assert!(published.published_at.is_some());
        let read = articles.get_article(GetArticleRequest { name: name.clone() }).await.expect("reads").into_inner();
        assert_eq!(read, published);

        let request = UnpublishArticleRequest { name, ..UnpublishArticleRequest::default() };
        let taken_back = articles.unpublish_article(request).await.expect("takes back").into_inner();
        assert_eq!((taken_back.state(), taken_back.published_at), (State::Draft, None));
    }

    async fn whoever_comes_second_is_told(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let article = publish(&client, draft("en", "Returns", "14 days")).await;
        let mut articles = client.articles();
        let mine = Article { title: "Mine".into(), ..article.clone() };
        articles.update_article(update(mine, &["title"])).await.expect("first");
        let theirs = Article { title: "Theirs".into(), ..article.clone() };
        let answer = articles.update_article(update(theirs, &["title"])).await;
        assert_eq!(refusal(answer), (Code::Aborted, "ETAG_MISMATCH".to_owned()));
        let request = UnpublishArticleRequest { name: article.name, etag: article.etag, ..Default::default() };
        assert_eq!(refusal(articles.unpublish_article(request).await).0, Code::Aborted);
    }

    async fn a_repeat_gets_the_first_answer_and_another_body_is_refused(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut articles = client.articles();
        let request = CreateArticleRequest { request_id: "r1".into(), article: Some(draft("en", "Returns", "x")) };
        let first = articles.create_article(request.clone()).await.expect("creates").into_inner();
        let second = articles.create_article(request.clone()).await.expect("repeats").into_inner();
        assert_eq!(first, second);
        let other = CreateArticleRequest { article: Some(draft("en", "Other", "x")), ..request };
        let answer = articles.create_article(other).await;
        assert_eq!(refusal(answer), (Code::InvalidArgument, "REQUEST_ID_REUSED".to_owned()));
        let all = articles.list_articles(ListArticlesRequest::default()).await.expect("lists").into_inner();
        assert_eq!(all.articles.len(), 1);
    }

    async fn everything_that_is_wrong_is_named_at_once(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut articles = client.articles();
        let wrong = CreateArticleRequest { request_id: "x".repeat(129), article: Some(draft("deutsch", "", "")) };
        let fields = violations(articles.create_article(wrong).await);
        assert_eq!(fields, ["request_id", "article.locale", "article.title"]);
        assert_eq!(violations(articles.create_article(CreateArticleRequest::default()).await), ["article"]);
        let wrong = update(Article { name: "articles/7".into(), ..Article::default() }, &["title", "state"]);
        let fields = violations(articles.update_article(wrong).await);
        assert_eq!(fields, ["update_mask.paths[1]", "article.title", "article.name"]);
        let wrong = update(publish(&client, draft("en", "A", "b")).await, &[]);
        assert_eq!(violations(articles.update_article(wrong).await), ["update_mask"]);
        let wrong = ListArticlesRequest { page_size: -1, page_token: "x".into(), state: 9, locale: "?".into() };
        let fields = violations(articles.list_articles(wrong).await);
        assert_eq!(fields, ["state", "locale", "page_size", "page_token"]);
        let empty = articles.create_article(create(draft("en", "Empty", ""))).await.expect("creates").into_inner();
        let request = PublishArticleRequest { name: empty.name, ..PublishArticleRequest::default() };
        let answer = articles.publish_article(request).await;
        assert_eq!(refusal(answer), (Code::FailedPrecondition, "ARTICLE_EMPTY".to_owned()));
    }

    async fn lists_come_in_pages(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        for number in 1..=5 {
            publish(&client, draft("de", &format!("Artikel {number}"), "text")).await;
        }
        let mut articles = client.articles();
        let mut request = ListArticlesRequest { page_size: 2, locale: "de".into(), ..Default::default() };
        let mut titles = Vec::new();
        loop {
            let page = articles.list_articles(request.clone()).await.expect("lists").into_inner();
            assert!(page.articles.len() <= 2);
            assert!(page.articles.iter().all(|article| article.body.is_empty()));
            titles.extend(page.articles.into_iter().map(|article| article.title));
            if page.next_page_token.is_empty() {
                break;
            }
            request.page_token = page.next_page_token;
        }
        assert_eq!(titles, ["Artikel 5", "Artikel 4", "Artikel 3", "Artikel 2", "Artikel 1"]);
        request.locale = "en".into();
        assert_eq!(violations(articles.list_articles(request).await), ["page_token"]);
    }

    async fn a_page_stays_small_enough_for_every_client(db: TestDatabase) {
        let desk = Desk::start(&db).await;
        let client = desk.client("acme").await;
        let mut articles = client.articles();
        // 50 tags of 100 characters of four bytes: 20 kB an article without its body, so 200 are more than a page may have.
        let tags: Vec<String> = (0..50).map(|at| format!("{at:02}{}", "🙂".repeat(98))).collect();
        for number in 0..200 {
            let article = Article { tags: tags.clone(), ..draft("de", &format!("{number}"), "text") };
            articles.create_article(create(article)).await.expect("creates");
        }
        let request = ListArticlesRequest { page_size: 500, ..ListArticlesRequest::default() };
        let first = articles.list_articles(request.clone()).await.expect("fits").into_inner();
        assert!(first.articles.len() < 200 && !first.next_page_token.is_empty());
        let request = ListArticlesRequest { page_token: first.next_page_token, ..request };
        let second = articles.list_articles(request).await.expect("fits").into_inner();
        assert_eq!(first.articles.len() + second.articles.len(), 200);
    }
}

use prost::Message as _;
use uuid::Uuid;
use vorrang_api::knowledge::v1 as pb;
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

use super::*;
use crate::article::{Article, Field, State};
use crate::fixtures::{Author, fresh, store, text};
use crate::session::{FollowUp, Opening, Session};

async fn events(store: &Store, tenant: &str) -> Vec<event_log::StoredEvent> {
    event_log::read(store.database(), tenant, 0, 1_000)
        .await
        .expect("reads")
}

async fn kinds(store: &Store, tenant: &str) -> Vec<String> {
    events(store, tenant)
        .await
        .into_iter()
        .map(|event| event.kind)
        .collect()
}

async fn starts(store: &Store, author: &Author, customer: &str) -> Session {
    let mut call = author.call("");
    call.actor = Actor::Customer;
    let opening = Opening {
        customer: customer.into(),
        place: "chat-bot".into(),
        locale: "de".into(),
    };
    let (session, event) = Session::start(author.id(), opening, call.now);
    fresh(store.create_session(&call, session, event).await.expect("creates"))
}

both_engines! {
    async fn an_article_is_read_as_it_was_written(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let mut written = text("de-at", "Rückgabe \u{1F4E6}", "Zeile 1\nZeile 2 \"'; --");
        written.tags = vec!["a,b".into(), "ä\"".into()];
        written.category = "Kauf".into();
        let article = author.publishes(&store, written).await;
        assert_eq!(store.article("acme", article.id).await.expect("is there"), article);
        assert_eq!(store.published_articles("acme", &[article.id]).await.expect("reads"), std::slice::from_ref(&article));
        let listed = store.articles("acme", &Listing { limit: 9, ..Listing::default() }).await.expect("lists");
        assert_eq!(listed.len(), 1);
        assert_eq!(listed[0].text.body, "", "lists have no bodies");
        assert_eq!(listed[0].text.tags, article.text.tags);
    }

    async fn each_change_has_its_event_with_the_article_as_it_is_then(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let article = author.publishes(&store, text("de", "Rückgabe", "14 Tage")).await;
        let call = author.call("");
        let new = text("de", "Rückgabe", "30 Tage");
        let updated = fresh(
            store
                .change_article(&call, article.id, |article| Ok(article.update(&new, &[Field::Body], call.now)))
                .await
                .expect("updates"),
        );
        author.unpublishes(&store, article.id).await;

        let events = events(&store, "acme").await;
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["article_created", "article_published", "article_updated", "article_unpublished"]);
        assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
        let event = pb::Event::decode(events[2].payload.as_slice()).expect("decodes");
        assert!(event.head.is_none(), "the feed adds it");
        let Some(pb::event::Payload::ArticleUpdated(payload)) = event.payload else { panic!("{event:?}") };
        assert_eq!(payload.changed_fields, ["body"]);
        assert_eq!(payload.article, Some(convert::article(&updated)));
        assert_eq!((events[2].actor_kind.as_str(), events[2].actor_id.as_str()), ("AUTOMATION", "author"));
        assert_eq!(events[2].subject, format!("articles/{}", article.id));
        assert_eq!(events[2].occurred_at, call.now);
    }

    async fn a_repeat_is_answered_as_the_first_time(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let call = author.call("again");
        let (article, event) = Article::create(author.id(), text("de", "A", "b"), call.now);
        fresh(store.create_article(&call, article.clone(), event).await.expect("creates"));
        let call = Call { now: author.call("").now, ..call };
        let (twin, event) = Article::create(author.id(), text("de", "A", "b"), call.now);
        let answer = store.create_article(&call, twin.clone(), event).await.expect("repeats");
        assert_eq!(convert::article_answer(answer).expect("decodes"), convert::article(&article));
        assert_eq!(store.article("acme", twin.id).await.expect_err("not made").kind(), Kind::NotFound);
        assert_eq!(kinds(&store, "acme").await.len(), 1);

        let other = Call { request_hash: [8; 32], ..call };
        let error = store.change_article(&other, article.id, |_| Ok(None)).await.expect_err("another request");
        assert_eq!(error.kind(), Kind::Invalid);
        let elsewhere = Call { tenant: "other".into(), ..other };
        let (article, event) = Article::create(author.id(), text("de", "A", "b"), elsewhere.now);
        fresh(store.create_article(&elsewhere, article, event).await.expect("ids are each tenant's own"));
    }

    async fn a_refused_change_leaves_nothing_behind(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let article = author.writes(&store, text("de", "Leer", "")).await;
        let call = author.call("publish");
        let refused = store.change_article(&call, article.id, |article| article.publish(call.now)).await;
        assert_eq!(refused.expect_err("has no body").reason(), "ARTICLE_EMPTY");
        assert_eq!(store.article("acme", article.id).await.expect("is there"), article);
        assert_eq!(kinds(&store, "acme").await, ["article_created"]);
        // Failures are not stored: the same request may succeed later.
        let new = text("de", "Leer", "nicht mehr");
        let fill = author.call("");
        fresh(
            store
                .change_article(&fill, article.id, |article| Ok(article.update(&new, &[Field::Body], fill.now)))
                .await
                .expect("updates"),
        );
        fresh(store.change_article(&call, article.id, |article| article.publish(call.now)).await.expect("publishes"));
    }

    async fn tenants_do_not_reach_each_others_rows(db: TestDatabase) {
        let (store, author, stranger) = (store(&db).await, Author::of("acme"), Author::of("other"));
        let article = author.publishes(&store, text("de", "Canary", "text")).await;
        let session = starts(&store, &author, "").await;
        let call = stranger.call("");
        for kind in [
            store.article("other", article.id).await.expect_err("not theirs").kind(),
            store.session("other", session.id).await.expect_err("not theirs").kind(),
            store.change_article(&call, article.id, |_| Ok(None)).await.expect_err("not theirs").kind(),
            store.change_session(&call, session.id, None, |_| Ok(None)).await.expect_err("not theirs").kind(),
        ] {
            assert_eq!(kind, Kind::NotFound);
        }
        assert!(store.published_articles("other", &[article.id]).await.expect("reads").is_empty());
        assert!(store.published_page("other", None, 9).await.expect("reads").is_empty());
        assert!(store.articles("other", &Listing { limit: 9, ..Listing::default() }).await.expect("lists").is_empty());
        let theirs = starts(&store, &stranger, "").await;
        let view = store.change_session(&call, theirs.id, Some(Refers::Article(article.id)), |_| Ok(None)).await;
        assert_eq!(view.expect_err("not their article").kind(), Kind::NotFound);
    }

    async fn lists_are_newest_first_and_go_on_where_they_stopped(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        for (locale, title) in [("de", "1"), ("en", "2"), ("de-at", "3"), ("den", "4"), ("de", "5")] {
            author.writes(&store, text(locale, title, "text")).await;
        }
        author.publishes(&store, text("en", "6", "text")).await;
        let titles = |listing: Listing| {
            let store = &store;
            async move {
                let articles = store.articles("acme", &listing).await.expect("lists");
                articles.into_iter().map(|article| article.text.title).collect::<Vec<_>>()
            }
        };
        let all = Listing { limit: 9, ..Listing::default() };
        assert_eq!(titles(all.clone()).await, ["6", "5", "4", "3", "2", "1"]);
        assert_eq!(titles(Listing { language: Some("de".into()), ..all.clone() }).await, ["5", "3", "1"]);
        assert_eq!(titles(Listing { state: Some(State::Published), ..all.clone() }).await, ["6"]);
        let first = store.articles("acme", &Listing { limit: 2, ..all.clone() }).await.expect("lists");
        let last = first.last().expect("two");
        let after = Some((last.created_at.timestamp_micros(), last.id));
        assert_eq!(titles(Listing { limit: 3, after, ..all }).await, ["4", "3", "2"]);
    }

    async fn long_bodies_are_read_in_bounded_pieces(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let body = "ä".repeat(500_000);
        for title in ["1", "2", "3", "4", "5", "6", "7", "8", "9"] {
            author.publishes(&store, text("de", title, &body)).await;
        }
        let (mut after, mut pages) = (None, Vec::new());
        loop {
            let page = store.published_page("acme", after, 100).await.expect("reads");
            let Some(last) = page.last() else { break };
            after = Some(last.id);
            assert!(page.iter().all(|article| article.text.body == body));
            pages.push(page);
        }
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [8, 1]);
        let ids: Vec<_> = pages.concat().iter().map(|article| article.id).collect();
        let excerpts = store.published_excerpts("acme", &ids).await.expect("reads");
        assert_eq!(excerpts.len(), 9);
        assert!(excerpts.iter().all(|article| article.text.body == "ä".repeat(20_000)));
    }

    async fn two_changes_at_once_are_one_after_the_other(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let session = starts(&store, &author, "").await;
        let searches = (0..20).map(|_| {
            let (store, call) = (store.clone(), author.call(""));
            tokio::spawn(async move {
                store.change_session(&call, session.id, None, |session| Ok(Some(session.search("x".into(), 0)))).await
            })
        });
        for search in searches.collect::<Vec<_>>() {
            fresh(search.await.expect("no panic").expect("searches"));
        }
        assert_eq!(store.session("acme", session.id).await.expect("is there").search_count, 20);
        let seqs: Vec<i64> = events(&store, "acme").await.iter().map(|event| event.seq).collect();
        assert_eq!(seqs, (1..=21).collect::<Vec<i64>>());
    }

    async fn a_session_is_read_as_it_was_written(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let customer = format!("customers/{}", Uuid::from_u128(5));
        let session = starts(&store, &author, &customer).await;
        let article = author.publishes(&store, text("de", "A", "b")).await;
        let draft = author.writes(&store, text("de", "C", "d")).await;
        let call = Call { actor: Actor::Customer, ..author.call("") };
        let refused = store
            .change_session(&call, session.id, Some(Refers::Article(draft.id)), |session| Ok(Some(session.view(draft.id))))
            .await;
        assert_eq!(refused.expect_err("a draft").reason(), "ARTICLE_NOT_PUBLISHED");
        fresh(
            store
                .change_session(&call, session.id, Some(Refers::Article(article.id)), |session| Ok(Some(session.view(article.id))))
                .await
                .expect("views"),
        );
        let ended = fresh(
            store
                .change_session(&call, session.id, None, |session| {
                    session.escalate(FollowUp::Receipt("receipts/r".into()), call.now)
                })
                .await
                .expect("escalates"),
        );
        assert_eq!(store.session("acme", session.id).await.expect("is there"), ended);
        assert_eq!(store.awaiting_ticket(9).await.expect("reads"), [("acme".to_owned(), ended.clone())]);
        let ticket = FollowUp::Ticket("tickets/t".into());
        fresh(store.change_session(&call, session.id, None, |session| Ok(session.link(ticket))).await.expect("links"));
        assert!(store.awaiting_ticket(9).await.expect("reads").is_empty());
        assert_eq!(store.session("acme", session.id).await.expect("is there").ticket(), Some("tickets/t"));

        let events = events(&store, "acme").await;
        let by: Vec<_> = events.iter().filter(|event| event.kind.starts_with("session_")).collect();
        assert_eq!(by.len(), 4);
        assert!(by.iter().all(|event| event.actor_kind == "CUSTOMER" && event.actor_id == customer));
    }
}

fn queries(events: &[event_log::StoredEvent]) -> Vec<(String, String)> {
    let decoded = events
        .iter()
        .map(|event| pb::Event::decode(event.payload.as_slice()).expect("an event"));
    decoded
        .filter_map(|event| match event.payload? {
            pb::event::Payload::SessionSearched(one) => Some((one.session?.customer, one.query)),
            _ => None,
        })
        .collect()
}

both_engines! {
    /// Sessions and their figures stay, whose they were and what was looked for is gone, of rows and of the log.
    async fn an_erased_customer_is_forgotten(db: TestDatabase) {
        let (store, author) = (store(&db).await, Author::of("acme"));
        let (ann, ben) = ("customers/ann", "customers/ben");
        let mut sessions = Vec::new();
        for customer in [ann, ben] {
            let session = starts(&store, &author, customer).await;
            let mut call = author.call("");
            call.actor = Actor::Customer;
            let search = |session: &mut Session| Ok(Some(session.search(format!("{customer} sucht"), 3)));
            sessions.push(fresh(store.change_session(&call, session.id, None, search).await.expect("searches")));
        }
        let erasures = vorrang_feed::Erasures {
            tenant: "acme".into(),
            customers: vec![ann.into()],
            cursor: "c1".into(),
        };
        let forgotten = store.erase(&erasures, author.call("").now).await.expect("forgets");
        assert_eq!((forgotten.sessions, forgotten.events), (1, 2));
        let anns = store.session("acme", sessions[0].id).await.expect("is there");
        assert_eq!((anns.opening.customer.as_str(), anns.search_count), ("", 1));
        assert_eq!(store.session("acme", sessions[1].id).await.expect("is there"), sessions[1]);
        let log = events(&store, "acme").await;
        let bens = (ben.to_owned(), format!("{ben} sucht"));
        assert_eq!(queries(&log), [(String::new(), String::new()), bens]);
        let whole = format!("{log:?}");
        assert!(!log.iter().any(|event| event.actor_id == ann) && !whole.contains(ann), "{whole}");
        assert_eq!(log.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
        // Whoever still sends the name starts nobody's session.
        let late = starts(&store, &author, ann).await;
        assert_eq!(late.opening.customer, "");
        assert_eq!(store.erase(&erasures, author.call("").now).await.expect("again").sessions, 0);
    }
}

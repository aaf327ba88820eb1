use vorrang_database::event_log::renew_epoch;
use vorrang_testkit::{DEADLINE, TestDatabase, both_engines, data_folder, wait_until};

use super::*;
use crate::fixtures::{Author, help_center, store, text};
use crate::store::Actor;

/// Titles found, best first.
async fn found(search: &Search, tenant: &str, words: &str) -> Vec<String> {
    let found = search.search(tenant, words, None, 10).await.expect("searches");
    let ids: Vec<Uuid> = found.hits.iter().map(|hit| hit.id.parse().expect("an id")).collect();
    let articles = search.0.store.published_articles(tenant, &ids).await.expect("reads");
    ids.iter()
        .filter_map(|id| articles.iter().find(|article| article.id == *id))
        .map(|article| article.text.title.clone())
        .collect()
}

fn reached(search: &Search, tenant: &str) -> Option<i64> {
    let progress = search.slot(tenant);
    let progress = progress.progress.try_lock().expect("nobody writes");
    progress.reached.map(|position| position.seq)
}

both_engines! {
    async fn what_is_published_is_found_and_what_is_not_is_not(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let search = Search::new(store.clone(), folder.path().join("index"));
        author.writes(&store, text("de", "Entwurf", "Noch geheim.")).await;
        let article = author.publishes(&store, text("de", "Rückgabe", "14 Tage.")).await;
        search.tick().await.expect("catches up");
        assert_eq!(found(&search, "acme", "rueckgabe").await, ["Rückgabe"]);
        assert!(found(&search, "acme", "geheim").await.is_empty(), "a draft");

        author.unpublishes(&store, article.id).await;
        search.tick().await.expect("catches up");
        assert!(found(&search, "acme", "rueckgabe").await.is_empty());
        assert_eq!(reached(&search, "acme"), Some(4));
    }

    async fn tenants_never_see_each_other(db: TestDatabase) {
        let (store, folder) = (store(&db).await, data_folder());
        let search = Search::new(store.clone(), folder.path().join("index"));
        Author::of("acme").publishes(&store, text("de", "Canary", "Nur für acme.")).await;
        Author::of("other").publishes(&store, text("de", "Anderes", "Nur für andere.")).await;
        search.tick().await.expect("catches up");
        assert_eq!(found(&search, "acme", "canary nur").await, ["Canary"]);
        assert_eq!(found(&search, "other", "canary nur").await, ["Anderes"]);
        assert!(found(&search, "nobody", "canary nur").await.is_empty());
    }

    async fn an_index_goes_on_from_its_own_position(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let index = folder.path().join("index");
        let search = Search::new(store.clone(), index.clone());
        author.publishes(&store, text("de", "Erstes", "Versand")).await;
        search.tick().await.expect("catches up");
        drop(search);
        author.publishes(&store, text("de", "Zweites", "Versand")).await;

        let (opened, position) = TenantIndex::open(&index.join("acme")).expect("is whole");
        assert_eq!((position.seq, opened.articles()), (2, 1), "the second one is not in it yet");
        drop(opened);
        let search = Search::new(store.clone(), index);
        search.tick().await.expect("catches up");
        assert_eq!(found(&search, "acme", "versand").await.len(), 2);
        assert_eq!(reached(&search, "acme"), Some(4));
    }

    async fn a_missing_damaged_or_foreign_index_is_built_anew(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let index = folder.path().join("index");
        for article in help_center() {
            author.publishes(&store, article).await;
        }
        let open = || Search::new(store.clone(), index.clone());
        open().tick().await.expect("catches up");

        std::fs::remove_dir_all(&index).expect("removes");
        let search = open();
        assert_eq!(found(&search, "acme", "rückgabe").await, ["Rückgabe von Artikeln"], "missing: built by the first search");
        drop(search);

        std::fs::write(index.join("acme/meta.json"), "torn").expect("writes");
        let search = open();
        search.tick().await.expect("builds");
        assert_eq!(found(&search, "acme", "rückgabe").await.len(), 1, "damaged");
        drop(search);

        // As after a restore: same positions, other content.
        {
            let (index, at) = TenantIndex::open(&index.join("acme")).expect("is whole");
            let all = store.published_page("acme", None, 100).await.expect("reads");
            let gone: Vec<_> = all.iter().map(|article| Change::Remove(article.id.to_string())).collect();
            index.apply(&gone, at).expect("writes");
        }
        let search = open();
        search.tick().await.expect("catches up");
        assert!(found(&search, "acme", "rückgabe").await.is_empty(), "nothing tells that it is wrong");
        renew_epoch(store.database()).await.expect("renews");
        search.tick().await.expect("builds");
        assert_eq!(found(&search, "acme", "rückgabe").await.len(), 1, "another epoch, while it runs");
    }

    async fn a_build_that_was_cut_off_leaves_nothing_behind(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let index = folder.path().join("index");
        author.publishes(&store, text("de", "Versand", "Mit DHL.")).await;
        let half = TenantIndex::create(&index.join("acme.building")).expect("makes");
        let epoch = event_log::epoch(store.database()).await.expect("reads");
        half.apply(&[], Position { epoch, seq: 2 }).expect("writes");
        drop(half);
        let search = Search::new(store, index.clone());
        search.tick().await.expect("builds");
        assert_eq!(found(&search, "acme", "dhl").await, ["Versand"]);
        assert!(!index.join("acme.building").exists());
    }

    async fn a_damaged_index_heals_when_a_search_stumbles_over_it(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let search = Search::new(store.clone(), folder.path().join("index"));
        author.publishes(&store, text("de", "Versand", "Mit DHL.")).await;
        search.tick().await.expect("catches up");
        search.give_up("acme").await;
        assert_eq!(found(&search, "acme", "dhl").await, ["Versand"]);
        author.publishes(&store, text("de", "Abholung", "Bei DHL.")).await;
        search.tick().await.expect("catches up");
        assert_eq!(found(&search, "acme", "dhl").await.len(), 2);
    }

    async fn an_index_whose_folder_is_removed_heals(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let index = folder.path().join("index");
        let search = Search::new(store.clone(), index.clone());
        author.publishes(&store, text("de", "Versand", "Mit DHL.")).await;
        search.tick().await.expect("catches up");
        std::fs::remove_dir_all(&index).expect("removes");
        author.publishes(&store, text("de", "Abholung", "Bei DHL.")).await;
        search.tick().await.expect_err("cannot be written");
        search.tick().await.expect("builds");
        assert_eq!(found(&search, "acme", "dhl").await.len(), 2);
    }

    async fn sessions_move_the_position_without_writing(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let index = folder.path().join("index");
        let search = Search::new(store.clone(), index.clone());
        author.publishes(&store, text("de", "Versand", "Mit DHL.")).await;
        search.tick().await.expect("catches up");
        for _ in 0..3 {
            let mut call = author.call("");
            call.actor = Actor::Customer;
            let (session, event) = crate::session::Session::start(author.id(), Default::default(), call.now);
            store.create_session(&call, session, event).await.expect("creates");
        }
        search.tick().await.expect("catches up");
        assert_eq!(reached(&search, "acme"), Some(5));
        let (_, written) = TenantIndex::open(&index.join("acme")).expect("is whole");
        assert_eq!(written.seq, 2, "three events are not worth a commit");
    }

    async fn more_indexes_than_may_be_open_are_closed_and_opened_again(db: TestDatabase) {
        let (store, folder) = (store(&db).await, data_folder());
        let search = Search::with_open_max(store.clone(), folder.path().join("index"), 2);
        let names = ["one", "two", "three", "four", "five"];
        for name in names {
            Author::of(name).publishes(&store, text("de", name, "Versand")).await;
        }
        search.tick().await.expect("catches up");
        let open = || search.lock().values().filter(|slot| slot.open().is_some()).count();
        assert_eq!(open(), 2);
        for name in names {
            assert_eq!(found(&search, name, "versand").await, [name]);
        }
        assert_eq!(open(), 2);
    }

    async fn a_tenant_with_many_articles_is_built_page_by_page(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let articles = ARTICLES_PER_WRITE + 1;
        for number in 0..articles {
            author.publishes(&store, text("de", &format!("Artikel {number}"), "Versand")).await;
        }
        let search = Search::new(store.clone(), folder.path().join("index"));
        assert_eq!(search.index("acme").await.expect("builds").articles(), articles);
    }

    async fn the_loop_shows_a_change_without_being_asked_and_stops(db: TestDatabase) {
        let (store, folder, author) = (store(&db).await, data_folder(), Author::of("acme"));
        let search = Search::new(store.clone(), folder.path().join("index"));
        let shutdown = CancellationToken::new();
        let run = tokio::spawn(search.clone().run(shutdown.clone()));
        author.publishes(&store, text("de", "Versand", "Mit DHL.")).await;
        wait_until(DEADLINE, "the article is found", || async {
            !found(&search, "acme", "dhl").await.is_empty()
        })
        .await;
        shutdown.cancel();
        run.await.expect("ends without a panic");
    }
}

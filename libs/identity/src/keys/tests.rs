use vorrang_clock::ManualClock;
use vorrang_database::Engine;
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

use super::*;
use crate::Migrator;

async fn keys(db: &TestDatabase) -> (Keys, ManualClock) {
    let clock = ManualClock::new(DateTime::from_timestamp(1_700_000_000, 0).expect("valid"));
    let database = Database::connect(db.url()).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    (Keys::new(database, b"pepper", clock.shared()), clock)
}

fn new(tenant: &str) -> NewKey {
    NewKey {
        tenant: tenant.into(),
        label: "the shop".into(),
        scopes: Scopes::of(&[Scope::TicketsPush]),
        expires_at: None,
    }
}

both_engines! {
    async fn a_key_is_found_by_its_whole_text_only(db: TestDatabase) {
        let (keys, _) = keys(&db).await;
        let (key, text) = keys.create(new("acme")).await.expect("creates");
        assert_eq!(keys.find(&text).await.expect("reads"), Some(key.clone()));
        let mut other = text.clone();
        let last = if other.pop() == Some('0') { '1' } else { '0' };
        other.push(last);
        for wrong in [other.as_str(), &text[1..], &text.to_uppercase(), "", "vk__", &format!("vk_{}_", key.id)] {
            assert_eq!(keys.find(wrong).await.expect("reads"), None, "{wrong}");
        }
        let elsewhere = Keys { pepper: b"other pepper".as_slice().into(), ..keys.clone() };
        assert_eq!(elsewhere.find(&text).await.expect("reads"), None, "the pepper counts");
    }

    async fn the_secret_is_not_in_the_database(db: TestDatabase) {
        let (keys, _) = keys(&db).await;
        let (_, text) = keys.create(new("acme")).await.expect("creates");
        let secret = text.rsplit('_').next().expect("has three parts");
        let row = entity::Entity::find().one(keys.database.reader()).await.expect("reads").expect("one");
        assert!(!format!("{row:?}").contains(secret));
        assert_ne!(row.secret_hash, hex::decode(secret).expect("hex"));
        if keys.database.engine() == Engine::Sqlite {
            let path = db.url().trim_start_matches("sqlite://");
            for file in [path.to_owned(), format!("{path}-wal")] {
                let bytes = std::fs::read(file).unwrap_or_default();
                assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()));
            }
        }
    }

    async fn a_tenant_lists_and_revokes_its_own_keys_only(db: TestDatabase) {
        let (keys, clock) = keys(&db).await;
        let (mine, _) = keys.create(new("acme")).await.expect("creates");
        let (theirs, _) = keys.create(new("other")).await.expect("creates");
        assert_eq!(keys.list(Some("acme")).await.expect("lists"), std::slice::from_ref(&mine));
        assert_eq!(keys.list(None).await.expect("lists").len(), 2);

        let error = keys.revoke("acme", &theirs.id).await.expect_err("not ours");
        assert_eq!(error.kind(), Kind::NotFound);
        let revoked = keys.revoke("acme", &mine.id).await.expect("ours");
        assert_eq!(revoked.revoked_at, Some(mine.created_at));
        clock.advance(TimeDelta::seconds(9));
        assert_eq!(keys.revoke("acme", &mine.id).await.expect("again"), revoked, "the first time stays");
        assert!(keys.list(Some("other")).await.expect("lists")[0].revoked_at.is_none());
    }

    async fn everything_wrong_with_a_new_key_is_named_at_once(db: TestDatabase) {
        let (keys, clock) = keys(&db).await;
        let error = keys
            .create(NewKey {
                tenant: "Acme Inc.".into(),
                label: "x".repeat(101),
                scopes: Scopes::NONE,
                expires_at: Some(clock.shared().now()),
            })
            .await
            .expect_err("four are wrong");
        let fields: Vec<_> = error.violations().iter().map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["tenant", "label", "scopes", "expires_at"]);
        let internal = NewKey { scopes: Scopes::of(&[Scope::Internal]), ..new("acme") };
        assert_eq!(keys.create(internal).await.expect_err("never").violations()[0].field, "scopes");
        assert!(keys.list(None).await.expect("lists").is_empty());
    }
}

use vorrang_clock::{Clock as _, ManualClock};
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

use super::*;
use crate::agent::{Agent, Details, Field};
use crate::channel::Presence;
use crate::policy::Policy;

fn clock() -> ManualClock {
    ManualClock::new(DateTime::from_timestamp_micros(1_790_000_000_000_000).expect("in range"))
}

async fn store(db: &TestDatabase) -> Store {
    let database = Database::connect(db.url()).await.expect("connects");
    database.migrate::<Migrator>().await.expect("migrates");
    Store::new(database, Ids::default())
}

fn call(request_id: &str) -> Call {
    Call {
        tenant: "acme".to_owned(),
        request_id: request_id.to_owned(),
        request_hash: [1; 32],
        actor: Actor::Automation("key".to_owned()),
        trace_parent: String::new(),
        now: clock().now(),
    }
}

async fn create(store: &Store, call: &Call, id: &str) -> Result<Answer<Agent>, Error> {
    let (agent, event) = Agent::create(id.to_owned(), Details::default(), call.now);
    store.create_agent(call, agent, event).await
}

both_engines! {
    async fn agents_are_created_once_and_found_by_their_tenant_only(db: TestDatabase) {
        let store = store(&db).await;
        create(&store, &call("one"), "ada").await.expect("creates");
        let again = create(&store, &call("one"), "ada").await.expect("repeats");
        assert!(matches!(again, Answer::Repeated(_)));
        let taken = create(&store, &call("two"), "ada").await.expect_err("taken");
        assert_eq!((taken.kind(), taken.reason()), (Kind::AlreadyExists, "AGENT_EXISTS"));
        assert_eq!(store.agent("acme", "ada").await.expect("is there").presence, Presence::Offline);
        assert_eq!(store.agent("globex", "ada").await.expect_err("another's").kind(), Kind::NotFound);
        assert_eq!(event_log::heads(&store.database).await.expect("reads"), [("acme".to_owned(), 1)]);
    }

    async fn agents_change_with_an_event_or_not_at_all(db: TestDatabase) {
        let store = store(&db).await;
        create(&store, &call(""), "ada").await.expect("creates");
        let details = Details { team: "billing".to_owned(), ..Details::default() };
        for _ in 0..2 {
            store
                .change_agent(&call(""), "ada", |agent| Ok(agent.update(&details, &[Field::Team])))
                .await
                .expect("changes");
        }
        store
            .change_agent(&call(""), "ada", |agent| agent.set_presence(Presence::Available, "", &[]))
            .await
            .expect("changes");
        let ada = store.agent("acme", "ada").await.expect("is there");
        assert_eq!((ada.details.team.as_str(), ada.presence, ada.revision), ("billing", Presence::Available, 2));
        let events = event_log::read(&store.database, "acme", 0, 10).await.expect("reads");
        let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
        assert_eq!(kinds, ["agent_created", "agent_updated", "presence_changed"]);
        let missing = store.change_agent(&call(""), "bob", |_| Ok(None)).await.expect_err("nobody");
        assert_eq!(missing.kind(), Kind::NotFound);
    }

    async fn agents_are_listed_by_id_in_pages(db: TestDatabase) {
        let store = store(&db).await;
        for id in ["carol", "ada", "bob"] {
            create(&store, &call(""), id).await.expect("creates");
        }
        let ids = |agents: Vec<Agent>| agents.into_iter().map(|agent| agent.id).collect::<Vec<_>>();
        assert_eq!(ids(store.agents("acme", None, 2).await.expect("lists")), ["ada", "bob"]);
        assert_eq!(ids(store.agents("acme", Some("bob"), 2).await.expect("lists")), ["carol"]);
    }

    async fn every_policy_is_a_version_and_the_newest_counts(db: TestDatabase) {
        let store = store(&db).await;
        assert_eq!(store.policy("acme").await.expect("reads"), Policy::built_in());
        for lease_s in [10, 20] {
            store
                .replace_policy(&call(""), |present| {
                    let mut rules = present.rules.clone();
                    rules.lease_s = lease_s;
                    Ok(present.replace(rules, clock().now()))
                })
                .await
                .expect("replaces");
        }
        let policy = store.policy("acme").await.expect("reads");
        assert_eq!((policy.version, policy.rules.lease_s), (2, 20));
        assert_eq!(policy.created_at, Some(clock().now()));
        assert_eq!(store.policy("globex").await.expect("reads").version, 0);
    }

    async fn offers_are_logged_in_their_order(db: TestDatabase) {
        let store = store(&db).await;
        let entry = |ticket: &str| log::Entry {
            event: Event::WrapUpEnded {
                agent: "ada".to_owned(),
                ticket: ticket.to_owned(),
                talk_time: None,
                hold_time: None,
            },
            actor: Actor::Agent("ada".to_owned()),
            trace_parent: String::new(),
            occurred_at: clock().now(),
        };
        store.append("acme", &[], clock().now()).await.expect("nothing to do");
        store.append("acme", &[entry("tickets/1"), entry("tickets/2")], clock().now()).await.expect("appends");
        let events = event_log::read(&store.database, "acme", 0, 10).await.expect("reads");
        let told: Vec<_> = events.iter().map(|event| (event.seq, event.subject.as_str(), event.actor_id.as_str())).collect();
        assert_eq!(told, [(1, "tickets/1", "agents/ada"), (2, "tickets/2", "agents/ada")]);
    }
}

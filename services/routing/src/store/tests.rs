use vorrang_clock::{Clock as _, ManualClock};
use vorrang_database::micros;
use vorrang_error::Kind;
use vorrang_testkit::{TestDatabase, both_engines};

use super::*;
use crate::agent::{Agent, Field, Profile};
use crate::contact::Contact;
use crate::decision::{Decision, Reason, What};
use crate::policy::Policy;
use crate::words::{Channel, Presence, Priority};

const TICKET: &str = "01990000-0000-7000-8000-000000000001";

fn now() -> DateTime<Utc> {
    ManualClock::new(DateTime::from_timestamp_micros(1_790_000_000_000_000).expect("in range")).now()
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
        actor: "key".to_owned(),
        trace_parent: String::new(),
        now: now(),
    }
}

async fn create(store: &Store, id: &str) {
    let agent = Agent::create(id.to_owned(), Profile::default(), now());
    store.create_agent(&call(""), agent).await.expect("creates");
}

fn presence(session: &str, hello: bool, presence: Presence) -> What {
    What::Presence {
        agent: "ada".to_owned(),
        session: session.to_owned(),
        hello,
        presence,
        reason: String::new(),
        capacities: Vec::new(),
    }
}

fn accepted() -> What {
    accepted_in(1)
}

fn accepted_in(generation: i64) -> What {
    What::Accepted {
        offer: "offer".to_owned(),
        agent: "ada".to_owned(),
        contact: Contact {
            ticket: TICKET.to_owned(),
            number: 1,
            queue: "default".to_owned(),
            channel: Channel::Chat,
            tier: "vip".to_owned(),
            priority: Priority::Normal,
            class: "vip-live".to_owned(),
            rank: 0,
            due_at: now(),
            queue_entered_at: now(),
            generation,
            subject: "Drucker brennt".to_owned(),
            asynchronous: false,
        },
    }
}

fn wrapped_up() -> What {
    What::WrappedUp {
        agent: "ada".to_owned(),
        ticket: TICKET.to_owned(),
        talk_time: None,
        hold_time: None,
    }
}

async fn record(store: &Store, whats: Vec<What>) {
    let decisions = whats
        .into_iter()
        .map(|what| Decision {
            at: now(),
            trace: "trace".to_owned(),
            what,
        })
        .collect();
    store.record("acme", decisions, now()).await.expect("records");
}

async fn kinds(store: &Store) -> Vec<String> {
    let events = event_log::read(&store.database, "acme", 0, 100).await.expect("reads");
    events.into_iter().map(|event| event.kind).collect()
}

both_engines! {
    async fn an_agent_changes_with_an_event_or_not_at_all(db: TestDatabase) {
        let store = store(&db).await;
        create(&store, "ada").await;
        let profile = Profile { team: "billing".to_owned(), ..Profile::default() };
        for _ in 0..2 {
            store
                .change_agent(&call(""), "ada", |agent| Ok(agent.update(&profile, &[Field::Team])))
                .await
                .expect("changes");
        }
        let ada = store.agent("acme", "ada").await.expect("is there");
        assert_eq!((ada.profile.team.as_str(), ada.revision), ("billing", 2));
        assert_eq!(kinds(&store).await, ["agent_created", "agent_updated"]);
        let missing = store.change_agent(&call(""), "bob", |_| Ok(false)).await.expect_err("nobody");
        assert_eq!(missing.kind(), Kind::NotFound);
        assert_eq!(store.agent("globex", "ada").await.expect_err("another's").kind(), Kind::NotFound);
    }

    async fn only_the_newest_stream_speaks_for_its_agent(db: TestDatabase) {
        let store = store(&db).await;
        create(&store, "ada").await;
        record(&store, vec![presence("s1", true, Presence::Available), presence("s2", true, Presence::Available)]).await;
        record(&store, vec![presence("s1", false, Presence::Offline)]).await;
        assert_eq!(store.agent("acme", "ada").await.expect("is there").presence, Presence::Available);
        record(&store, vec![presence("s2", false, Presence::Offline)]).await;
        assert_eq!(store.agent("acme", "ada").await.expect("is there").presence, Presence::Offline);
        assert_eq!(
            kinds(&store).await,
            ["agent_created", "presence_changed", "presence_changed", "presence_changed"]
        );
    }

    async fn streams_show_when_they_were_last_seen(db: TestDatabase) {
        let store = store(&db).await;
        create(&store, "ada").await;
        record(&store, vec![presence("s1", true, Presence::Available)]).await;
        let present = async |tenant: &str| {
            let present = store.present_agents(tenant).await.expect("reads");
            present.into_iter().map(|one| (one.session, one.seen_at)).collect::<Vec<_>>()
        };
        assert_eq!(present("acme").await, [("s1".to_owned(), micros(now()))]);
        assert_eq!(present("globex").await, []);
        let later = now() + chrono::TimeDelta::seconds(61);
        store.touch_sessions("acme", &["s1".to_owned()], later).await.expect("touches");
        assert_eq!(present("acme").await, [("s1".to_owned(), micros(later))]);
        record(&store, vec![presence("s1", false, Presence::Offline)]).await;
        assert_eq!(present("acme").await, []);
    }

    async fn work_is_open_until_it_ends_and_wrapped_up_once(db: TestDatabase) {
        let store = store(&db).await;
        record(&store, vec![accepted()]).await;
        let open = store.open_work("acme").await.expect("reads");
        assert_eq!((open[0].agent.as_str(), open[0].channel.as_str()), ("ada", "CHAT"));
        assert!(store.has_worked_on("acme", "ada", TICKET).await.expect("reads"));
        assert!(!store.has_worked_on("acme", "bob", TICKET).await.expect("reads"));
        assert!(store.open_work("globex").await.expect("reads").is_empty());
        record(&store, vec![What::Left { agent: "ada".to_owned(), ticket: TICKET.to_owned() }]).await;
        assert!(store.open_work("acme").await.expect("reads").is_empty());
        record(&store, vec![wrapped_up()]).await;
        record(&store, vec![wrapped_up()]).await;
        assert_eq!(kinds(&store).await, ["offer_accepted", "wrap_up_ended"]);
        // The feed says the same once more, and what was before.
        record(&store, vec![accepted(), accepted_in(0)]).await;
        assert_eq!(kinds(&store).await, ["offer_accepted", "wrap_up_ended"]);
        assert!(store.open_work("acme").await.expect("reads").is_empty());
        let known = store.generations("acme", &[TICKET.to_owned(), "unknown".to_owned()]).await.expect("reads");
        assert_eq!(known.into_iter().collect::<Vec<_>>(), [(TICKET.to_owned(), 1)]);
        // Accepted again, by the same agent: open again.
        record(&store, vec![accepted_in(3)]).await;
        assert_eq!(store.open_work("acme").await.expect("reads").len(), 1);
        assert_eq!(store.open_work_of("acme", "ada").await.expect("reads").len(), 1);
        assert!(store.open_work_of("acme", "bob").await.expect("reads").is_empty());
    }

    /// Two processes decide of the same agents in opposite order.
    async fn writers_of_the_same_rows_never_deadlock(db: TestDatabase) {
        let stores = [store(&db).await, store(&db).await];
        let agents: Vec<String> = (0..20).map(|number| format!("agent-{number}")).collect();
        for agent in &agents {
            create(&stores[0], agent).await;
        }
        let writers = stores.into_iter().enumerate().map(|(index, store)| {
            let mut agents = agents.clone();
            if index == 1 {
                agents.reverse();
            }
            async move {
                for _ in 0..20 {
                    let decisions = agents.iter().map(|agent| Decision {
                        at: now(),
                        trace: String::new(),
                        what: What::Presence {
                            agent: agent.clone(),
                            session: "s".to_owned(),
                            hello: true,
                            presence: Presence::Available,
                            reason: String::new(),
                            capacities: Vec::new(),
                        },
                    });
                    store.record("acme", decisions.collect(), now()).await.expect("records at once");
                }
            }
        });
        futures::future::join_all(writers).await;
    }

    async fn decisions_are_logged_in_order_without_customers_text(db: TestDatabase) {
        let store = store(&db).await;
        let returned = What::Returned {
            offer: "offer".to_owned(),
            agent: "ada".to_owned(),
            ticket: TICKET.to_owned(),
            reason: Reason::Declined,
            decline_reason: String::new(),
        };
        record(&store, vec![accepted(), returned]).await;
        let events = event_log::read(&store.database, "acme", 0, 10).await.expect("reads");
        let told: Vec<_> = events
            .iter()
            .map(|event| (event.seq, event.kind.as_str(), event.actor_id.as_str(), event.trace_parent.as_str()))
            .collect();
        assert_eq!(
            told,
            [(1, "offer_accepted", "agents/ada", "trace"), (2, "offer_returned", "agents/ada", "trace")]
        );
        assert!(events.iter().all(|event| {
            !event.payload.windows(7).any(|window| window == b"Drucker")
        }));
    }

    async fn every_policy_is_a_version_and_the_newest_counts(db: TestDatabase) {
        let store = store(&db).await;
        assert_eq!(store.policy("acme").await.expect("reads"), Policy::builtin());
        for lease_seconds in [10, 20] {
            store
                .update_policy(&call(""), |present| Ok(Policy { lease_seconds, ..present.clone() }))
                .await
                .expect("updates");
        }
        let policy = store.policy("acme").await.expect("reads");
        assert_eq!((policy.version, policy.lease_seconds), (2, 20));
        assert_eq!(policy.created_at, Some(now()));
        assert_eq!(store.policy("globex").await.expect("reads").version, 0);
    }
}

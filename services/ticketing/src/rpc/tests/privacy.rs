//! Personal data: sealed wherever it lies, gone when its key is.

use sea_orm::{ConnectionTrait, Statement};
use vorrang_testkit::{TestDatabase, both_engines};

use super::*;

/// In every text a customer can send.
pub const CANARY: &str = "kanarienvogel";

fn canary(of: &str) -> String {
    format!("{CANARY}-{of}")
}

/// A contact with the canary in every personal field.
pub fn canary_mail(id: &str) -> pb::InboundContact {
    pb::InboundContact {
        request_id: format!("push-{id}"),
        display_name: canary("name"),
        subject: canary("subject"),
        external_id: canary(&format!("message-{id}")),
        thread_keys: vec![canary(&format!("thread-{id}"))],
        reference_keys: vec![canary("thread-1")],
        message: Some(pb::Message {
            text: canary("text"),
            quoted_text: canary("quoted"),
            attachments: vec![pb::Attachment {
                file_name: canary("file"),
                content_type: "text/plain".into(),
                size_bytes: 5,
                sha256: "ab".repeat(32),
                name: String::new(),
                content_id: canary("image"),
            }],
            failed_recipients: vec![pb::FailedRecipient {
                address: canary("failed@example.org"),
                failed: true,
                status: "5.1.1".into(),
                diagnostic: canary("diagnostic"),
            }],
            ..pb::Message::default()
        }),
        ..mail(&canary("mail@example.org"), id)
    }
}

/// Every value of every table, as text or bytes.
pub async fn dump(db: &Database) -> Vec<u8> {
    let reader = db.reader();
    let backend = reader.get_database_backend();
    let sqlite = db.engine() == vorrang_database::Engine::Sqlite;
    let tables = if sqlite {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    } else {
        "SELECT tablename::text FROM pg_tables WHERE schemaname = current_schema()"
    };
    let tables = reader
        .query_all_raw(Statement::from_string(backend, tables))
        .await
        .expect("tables");
    let mut all = Vec::new();
    for table in tables {
        let table: String = table.try_get_by_index(0).expect("a name");
        let columns = if sqlite {
            format!("SELECT name FROM pragma_table_info('{table}')")
        } else {
            format!("SELECT column_name::text FROM information_schema.columns WHERE table_name = '{table}'")
        };
        let columns = reader
            .query_all_raw(Statement::from_string(backend, columns))
            .await
            .expect("columns");
        for column in columns {
            let column: String = column.try_get_by_index(0).expect("a name");
            // As bytes whatever the type: hex on SQLite, text and escaped bytes on PostgreSQL.
            let sql = if sqlite {
                format!("SELECT CAST(\"{column}\" AS BLOB) FROM \"{table}\" WHERE \"{column}\" IS NOT NULL")
            } else {
                format!(
                    "SELECT CASE WHEN pg_typeof(\"{column}\")::text = 'bytea' THEN decode(substr(\"{column}\"::text, 3), 'hex') \
                     ELSE convert_to(\"{column}\"::text, 'UTF8') END FROM \"{table}\" WHERE \"{column}\" IS NOT NULL"
                )
            };
            for row in reader
                .query_all_raw(Statement::from_string(backend, sql))
                .await
                .expect("rows")
            {
                all.extend(row.try_get_by_index::<Vec<u8>>(0).expect("bytes"));
                all.push(b'\n');
            }
        }
    }
    all
}

pub fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

both_engines! {
    async fn no_table_holds_personal_data_in_the_clear(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![canary_mail("1"), canary_mail("2")]).await;
        assert_eq!(outcomes(&first), [pb::contact_result::Outcome::Created, pb::contact_result::Outcome::Appended]);
        let customer = pb::Customer {
            display_name: canary("other"),
            identities: vec![email("kanarienvogel-2@example.org")],
            ..pb::Customer::default()
        };
        let request = pb::CreateCustomerRequest { request_id: "c".into(), customer: Some(customer) };
        let created = create_customer::handle(&desk.app, acme(request.clone())).await.expect("made");
        let message = pb::CreateMessageRequest {
            request_id: "m".into(),
            parent: first[0].ticket.clone(),
            message: Some(agents_message(&canary("answer"))),
            ..pb::CreateMessageRequest::default()
        };
        let answered = create_message::handle(&desk.app, acme(message.clone())).await.expect("answered");
        let lookup = pb::LookupCustomerRequest { identity: Some(email(&canary("mail@example.org"))) };

        // All of it can be read.
        assert_eq!(desk.get(&first[0].ticket).await.subject, canary("subject"));
        let found = lookup_customer::handle(&desk.app, acme(lookup)).await.expect("found by the hash");
        assert_eq!((found.name.as_str(), found.display_name), (first[0].customer.as_str(), canary("name")));
        assert_eq!(found.identities, [email(&canary("mail@example.org"))]);
        let list = pb::ListMessagesRequest { parent: first[0].ticket.clone(), ..pb::ListMessagesRequest::default() };
        let messages = list_messages::handle(&desk.app, acme(list)).await.expect("listed").messages;
        assert_eq!(messages.len(), 3);
        assert_eq!((&messages[0].text, &messages[0].quoted_text), (&canary("text"), &canary("quoted")));
        assert_eq!(messages[0].attachments[0].file_name, canary("file"));
        assert_eq!(messages[0].external_id, canary("message-1"));
        assert!(format!("{:?}", desk.events("acme").await).contains(&canary("answer")));
        // Repeats and duplicates are recognised, their answers whole.
        assert_eq!(create_customer::handle(&desk.app, acme(request)).await.expect("again"), created);
        assert_eq!(create_message::handle(&desk.app, acme(message)).await.expect("again"), answered);
        assert_eq!(desk.record(vec![canary_mail("1")]).await[0], first[0]);
        let unnamed = pb::InboundContact { request_id: String::new(), ..canary_mail("2") };
        assert_eq!(desk.record(vec![unnamed]).await[0].outcome(), pb::contact_result::Outcome::Duplicate);

        // And none of it lies anywhere.
        let all = dump(&desk.db).await;
        assert!(holds(&all, "EMAIL") && holds(&all, "agents/anna"), "nothing was dumped");
        assert!(!holds(&all, CANARY), "a canary is in the clear");
    }

    /// Two tickets in one event or answer: each keeps its texts under its own key, moved messages under that of the new ticket.
    async fn nothing_lies_in_the_clear_where_tickets_meet(db: TestDatabase) {
        let desk = Fixture::new(&db).await;
        let first = desk.record(vec![canary_mail("1"), canary_mail("2")]).await;
        let other = desk.record(vec![pb::InboundContact { reference_keys: Vec::new(), ..canary_mail("3") }]).await.remove(0);
        let (ticket, other) = (desk.get(&first[0].ticket).await, desk.get(&other.ticket).await);
        let split = desk.split(&ticket.name, &[first[1].message.clone()], None).await.expect("splits");
        let new = split.new_ticket.expect("the new one");
        assert_eq!(new.subject, canary("subject"));
        desk.link(&ticket, pb::ticket_link::Type::RelatesTo, &other).await.expect("links");
        desk.merge(&ticket, &[&other, &new]).await.expect("merges");
        desk.unmerge(&other).await.expect("unmerges");
        assert_eq!(desk.texts(&ticket.name, true).await, [canary("text"), canary("text")]);
        for event in desk.events("acme").await {
            use pb::event::Payload;
            let beside = match event.payload.expect("a payload") {
                Payload::TicketMerged(one) => one.target,
                Payload::TicketUnmerged(one) => one.target,
                Payload::TicketSplit(one) => one.new_ticket,
                Payload::TicketLinked(one) => one.other,
                _ => continue,
            };
            assert_eq!(beside.expect("the other one").subject, "", "its text is its own");
        }
        assert!(!holds(&dump(&desk.db).await, CANARY), "a canary is in the clear");

        // The key of the new ticket is gone, and with it what it got.
        let sql = format!("DELETE FROM personal_keys WHERE id = '{}'", new.name.trim_start_matches("tickets/"));
        let sql = if db.engine() == vorrang_testkit::TestEngine::Sqlite {
            format!("DELETE FROM personal_keys WHERE hex(id) = upper('{}')", new.name.trim_start_matches("tickets/").replace('-', ""))
        } else {
            sql
        };
        let tx = desk.db.begin().await.expect("begins");
        assert_eq!(tx.conn().execute_unprepared(&sql).await.expect("runs").rows_affected(), 1);
        tx.commit().await.expect("commits");
        let desk = Fixture::restarted(&db, desk.clock).await;
        let messages = desk.messages(&ticket.name, true).await;
        let shown: Vec<(&str, bool)> = messages.iter().map(|message| (message.text.as_str(), message.erased)).collect();
        assert_eq!(shown, [(canary("text").as_str(), false), ("", true)]);
        for (target, source) in [(&other, &new), (&new, &other)] {
            assert_eq!(desk.merge(target, &[source]).await.expect_err("nothing leads there").reason(), "ERASED");
        }
    }
}

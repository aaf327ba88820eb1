//! What each column that can hold text or bytes holds.

use std::collections::BTreeSet;

use sea_orm::{ConnectionTrait, Statement};
use vorrang_database::{Database, Engine};

/// By table: columns with something personal in them, all of it sealed; and those without, which are words of ours and of the
/// tenant, names of resources, and keyed hashes. **A new column** that can hold what a customer wrote, is called or is reached
/// by is sealed; see "To add a personal field" in the README.
#[rustfmt::skip]
const COLUMNS: &[(&str, &str, &str)] = &[
    // Sealed.
    ("answers", "sealed", "tenant kind survey agent"),
    ("attachments", "sealed", "tenant hash"),
    ("customer_identities", "sealed", "tenant kind value"),
    ("customer_milestones", "sealed", "tenant name source"),
    ("customer_orders", "sealed", "tenant order_id currency status source"),
    ("customers", "sealed", "tenant tier language country tier_source organization_by owner periods"),
    ("events", "payload", "tenant kind subject actor_kind actor_id trace_parent"),
    ("messages", "sealed", "tenant actor_kind actor_id visibility channel"),
    ("proactive_contacts", "sealed", "tenant contact_id agent source"),
    ("requests", "response", "tenant request_id request_hash"),
    ("reviews", "sealed", "tenant agent reviewer rubric items"),
    ("tickets", "sealed", "tenant channel state sub_state disposition priority tier queue assignee tags followers custom_fields intent language sla links external_id handling call past"),
    // Keys, and hashes by which what is personal is found.
    ("personal_keys", "", "tenant wrapped"),
    ("attachment_refs", "", "tenant hash"),
    ("contact_keys", "", "tenant source external_id content_hash"),
    ("thread_keys", "", "tenant key"),
    ("history_lines", "", "tenant hash import"),
    ("history_erased", "", "tenant hash"),
    // Nothing of a customer but ids.
    ("customer_merge_parts", "", "tenant kind"),
    ("customer_merges", "", "tenant actor_kind actor_id conflicts filled periods_before moved"),
    ("doomed_objects", "", "tenant"),
    ("erasures", "", "tenant actor_kind actor_id ground reference previous merged"),
    ("legal_holds", "", "tenant reference"),
    ("merge_suggestions", "", "tenant source state"),
    ("survey_answers", "", "tenant survey agent"),
    ("survey_caps", "", "tenant kind"),
    ("survey_sendings", "", "tenant survey kind agent language state cancelled"),
    ("texts_left", "", "tenant"),
    ("ticket_solves", "", "tenant agent"),
    ("ticket_states", "", "tenant state"),
    ("ticket_values", "", "tenant field word"),
    ("automation_runs", "", "tenant outcome body"),
    // The tenant's own.
    ("automation_cursors", "", "tenant"),
    ("automation_due", "", "tenant anchor cause"),
    ("automation_versions", "", "tenant body"),
    ("automations", "", "tenant body"),
    ("macros", "", "tenant display_name body"),
    ("macro_versions", "", "tenant body"),
    ("organization_keys", "", "tenant kind value"),
    ("organizations", "", "tenant display_name tier attributes"),
    ("retention_policies", "", "tenant rules"),
    ("rubrics", "", "tenant id display_name items"),
    ("schedule_versions", "", "tenant valid_from time_zone weekly exceptions"),
    ("schedules", "", "tenant display_name"),
    ("sla_policies", "", "tenant body"),
    ("sla_terms", "", "tenant key body"),
    ("sub_states", "", "tenant id state display_name"),
    ("surveys", "", "tenant id kind display_name texts rule repeats"),
    ("ticket_fields", "", "tenant id field_type display_name description choices"),
    ("ticket_numbers", "", "tenant"),
    ("webhook_cursors", "", "tenant"),
    ("webhook_deliveries", "", "tenant event_type event_subject state last_error"),
    ("webhooks", "", "tenant display_name url filter disabled secret previous_secret"),
    // The suite's.
    ("event_consumers", "", "tenant name"),
    ("event_epoch", "", ""),
    ("event_heads", "", "tenant"),
    ("seaql_migrations", "", "version"),
    ("secret_fingerprints", "", "name fingerprint"),
];

pub async fn check(db: &Database) {
    let unknown: BTreeSet<String> = found(db)
        .await
        .into_iter()
        .filter(|(table, column)| {
            let known = COLUMNS.iter().filter(|(name, _, _)| name == table);
            !known
                .flat_map(|(_, sealed, open)| sealed.split(' ').chain(open.split(' ')))
                .any(|name| name == column)
        })
        .map(|(table, column)| format!("{table}.{column}"))
        .collect();
    assert!(
        unknown.is_empty(),
        "say of these columns what they hold, and seal what is personal: {unknown:?}"
    );
}

/// Tables and their columns of text or bytes.
async fn found(db: &Database) -> Vec<(String, String)> {
    let sql = if db.engine() == Engine::Sqlite {
        "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c WHERE m.type = 'table' \
         AND m.name NOT LIKE 'sqlite_%' AND (lower(c.type) LIKE '%char%' OR lower(c.type) IN ('text', 'blob', ''))"
    } else {
        "SELECT table_name::text, column_name::text FROM information_schema.columns WHERE table_schema = current_schema() \
         AND data_type IN ('text', 'bytea', 'character varying', 'json', 'jsonb')"
    };
    let reader = db.reader();
    let rows = reader
        .query_all_raw(Statement::from_string(reader.get_database_backend(), sql))
        .await
        .expect("columns");
    let text = |row: &sea_orm::QueryResult, index| row.try_get_by_index::<String>(index).expect("a name");
    rows.iter().map(|row| (text(row, 0), text(row, 1))).collect()
}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub seq: i64,
    pub id: Uuid,
    pub tenant: String,
    pub request_id: String,
    pub request_hash: Vec<u8>,
    pub conversation: String,
    pub contact: String,
    pub trace_parent: String,
    pub raw_sha256: Vec<u8>,
    pub pending: bool,
    pub attempts: i32,
    pub next_attempt_at: i64,
    pub accepted_at: i64,
    pub delivered_at: Option<i64>,
    pub outcome: String,
    pub ticket: String,
    pub ticket_number: i64,
    pub message: String,
    pub customer: String,
    pub quarantine_item: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "quarantine")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant: String,
    pub source: String,
    pub state: String,
    pub reason: String,
    pub detail: String,
    pub content_type: String,
    pub queue: String,
    pub raw_sha256: Vec<u8>,
    pub size_bytes: i64,
    pub received_at: i64,
    pub outcome: String,
    pub ticket: String,
    pub ticket_number: i64,
    pub message: String,
    pub customer: String,
    pub receipt: String,
    pub recorded: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

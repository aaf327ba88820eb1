use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "imports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant: String,
    pub request_id: Option<String>,
    pub source: String,
    pub strict: bool,
    pub display_name: String,
    pub state: String,
    pub read_lines: i64,
    pub chain: Vec<u8>,
    pub line_count: i64,
    pub recorded_count: i64,
    pub duplicate_count: i64,
    pub bad_count: i64,
    pub checked: bool,
    pub created_at: i64,
    pub received_at: Option<i64>,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

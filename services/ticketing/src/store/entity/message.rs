//! `messages`: What was written, in the order of arrival. `size_bytes` bounds a page before its texts are
//! read; they are in `sealed`.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "messages")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub ticket_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i32,
    pub id: Uuid,
    pub actor_kind: String,
    pub actor_id: String,
    pub visibility: String,
    pub channel: String,
    pub occurred_at: i64,
    pub created_at: i64,
    pub automated: bool,
    pub size_bytes: i32,
    pub sealed: Option<Vec<u8>>,
    pub macro_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! `messages`: What was written, in the order of arrival. `size_bytes` bounds a page before its texts are read.

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
    pub text: String,
    pub quoted_text: String,
    pub channel: String,
    pub attachments: String,
    pub occurred_at: i64,
    pub created_at: i64,
    pub external_id: String,
    pub automated: bool,
    pub size_bytes: i32,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

//! `erasures`: The proofs of erasures. `kept`: it is also outside the database, so that a restore finds it.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "erasures")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub position: i64,
    pub customer_id: Uuid,
    pub erased_at: i64,
    pub actor_kind: String,
    pub actor_id: String,
    pub ground: String,
    pub reference: String,
    pub keys: i32,
    pub tickets: i32,
    pub messages: i32,
    pub attachments: i32,
    pub previous: String,
    pub kept: bool,
    /// JSON array of ids.
    pub merged: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

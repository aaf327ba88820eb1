//! `webhook_deliveries`: one event on its way to one webhook. While an attempt is under way `claim` names it, and
//! `leased_until` and `next_attempt_at` are when it counts as lost.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub webhook_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub seq: i64,
    pub event_id: Uuid,
    pub event_type: String,
    pub event_subject: String,
    pub state: String,
    pub attempts: i32,
    pub next_attempt_at: Option<i64>,
    pub claim: Option<Uuid>,
    pub leased_until: Option<i64>,
    pub last_attempt_at: Option<i64>,
    pub last_status: i32,
    pub last_error: String,
    pub last_duration: i64,
    pub created_at: i64,
    pub completed_at: Option<i64>,
    pub purge_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

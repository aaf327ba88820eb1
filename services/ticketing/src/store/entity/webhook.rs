//! `webhooks`: endpoints that events are sent to. `next_due_at` is when the next delivery of it is due, so that nobody
//! looks for it among all deliveries. A row with `deleted_at` is removed once its deliveries are.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub display_name: String,
    pub url: String,
    pub filter: String,
    pub disabled: String,
    pub max_in_flight: i32,
    pub secret: Vec<u8>,
    pub previous_secret: Option<Vec<u8>>,
    pub previous_secret_expires_at: Option<i64>,
    pub start_seq: i64,
    pub failures: i32,
    pub failing_since: Option<i64>,
    pub paused_until: Option<i64>,
    pub replay_after: Option<i64>,
    pub replay_until: Option<i64>,
    pub replay_dead_only: bool,
    pub next_due_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
    pub revision: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

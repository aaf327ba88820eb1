//! `tickets`: One matter of one customer.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "tickets")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant: String,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub number: i64,
    pub customer_id: Uuid,
    pub channel: String,
    pub state: String,
    pub sub_state: Option<String>,
    pub disposition: String,
    pub priority: String,
    pub tier: String,
    pub organization_id: Option<Uuid>,
    pub queue: String,
    pub assignee: Option<String>,
    pub tags: String,
    pub followers: String,
    pub custom_fields: String,
    pub intent: String,
    pub language: String,
    pub due_at: Option<i64>,
    pub queue_entered_at: Option<i64>,
    pub queue_rank: i32,
    pub generation: i64,
    pub follow_up_of: Option<Uuid>,
    pub automated: bool,
    pub message_count: i32,
    pub last_message: Option<Uuid>,
    pub opened_at: i64,
    pub contacted_at: Option<i64>,
    pub first_replied_at: Option<i64>,
    pub solved_at: Option<i64>,
    pub solve_count: i32,
    pub created_at: i64,
    pub updated_at: i64,
    pub revision: i64,
    pub sla: Option<String>,
    pub next_sla_at: Option<i64>,
    pub erased: bool,
    pub sealed: Option<Vec<u8>>,
    pub last_position: i32,
    pub links: String,
    pub merged_into: Option<Uuid>,
    pub kept_wait: Option<i64>,
    pub split_from: Option<Uuid>,
    pub external_id: Option<String>,
    pub handling: String,
    pub call: Option<String>,
    pub line_at: Option<i64>,
    pub past: Option<String>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

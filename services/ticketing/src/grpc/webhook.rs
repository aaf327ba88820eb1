//! WebhookService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;
use vorrang_api::ticketing::v1::webhook_service_server::WebhookService;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl WebhookService for Ticketing {
    async fn create_webhook(&self, request: Request<pb::CreateWebhookRequest>) -> Answer<pb::Webhook> {
        answer(rpc::create_webhook::handle(&self.0, request).await)
    }

    async fn get_webhook(&self, request: Request<pb::GetWebhookRequest>) -> Answer<pb::Webhook> {
        answer(rpc::get_webhook::handle(&self.0, request).await)
    }

    async fn list_webhooks(&self, request: Request<pb::ListWebhooksRequest>) -> Answer<pb::ListWebhooksResponse> {
        answer(rpc::list_webhooks::handle(&self.0, request).await)
    }

    async fn update_webhook(&self, request: Request<pb::UpdateWebhookRequest>) -> Answer<pb::Webhook> {
        answer(rpc::update_webhook::handle(&self.0, request).await)
    }

    async fn delete_webhook(&self, request: Request<pb::DeleteWebhookRequest>) -> Answer<()> {
        answer(rpc::delete_webhook::handle(&self.0, request).await)
    }

    async fn rotate_webhook_secret(&self, request: Request<pb::RotateWebhookSecretRequest>) -> Answer<pb::Webhook> {
        answer(rpc::rotate_webhook_secret::handle(&self.0, request).await)
    }

    async fn test_webhook(&self, request: Request<pb::TestWebhookRequest>) -> Answer<pb::TestWebhookResponse> {
        answer(rpc::test_webhook::handle(&self.0, request).await)
    }

    async fn list_deliveries(&self, request: Request<pb::ListDeliveriesRequest>) -> Answer<pb::ListDeliveriesResponse> {
        answer(rpc::list_deliveries::handle(&self.0, request).await)
    }

    async fn list_dead_letters(
        &self,
        request: Request<pb::ListDeadLettersRequest>,
    ) -> Answer<pb::ListDeadLettersResponse> {
        answer(rpc::list_dead_letters::handle(&self.0, request).await)
    }

    async fn replay_delivery(&self, request: Request<pb::ReplayDeliveryRequest>) -> Answer<pb::Delivery> {
        answer(rpc::replay_delivery::handle(&self.0, request).await)
    }

    async fn replay_range(&self, request: Request<pb::ReplayRangeRequest>) -> Answer<pb::Webhook> {
        answer(rpc::replay_range::handle(&self.0, request).await)
    }
}

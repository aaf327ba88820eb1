//! SlaService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::sla_service_server::SlaService for Ticketing {
    async fn list_sla_targets(
        &self,
        request: Request<pb::ListSlaTargetsRequest>,
    ) -> Answer<pb::ListSlaTargetsResponse> {
        answer(rpc::list_sla_targets::handle(&self.0, request).await)
    }

    async fn recalculate_sla(&self, request: Request<pb::RecalculateSlaRequest>) -> Answer<pb::Ticket> {
        answer(rpc::recalculate_sla::handle(&self.0, request).await)
    }
}

//! LiveService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::live_service_server::LiveService for Ticketing {
    async fn leave_queue(&self, request: Request<pb::LeaveQueueRequest>) -> Answer<pb::LeaveQueueResponse> {
        answer(rpc::leave_queue::handle(&self.0, request).await)
    }
}

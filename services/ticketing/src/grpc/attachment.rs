//! AttachmentService: one line an RPC.

use tonic::{Request, Streaming};
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::attachment_service_server::AttachmentService for Ticketing {
    type DownloadAttachmentStream = rpc::download_attachment::Responses;

    async fn upload_attachment(
        &self,
        request: Request<Streaming<pb::UploadAttachmentRequest>>,
    ) -> Answer<pb::Attachment> {
        answer(rpc::upload_attachment::handle(&self.0, request).await)
    }

    async fn download_attachment(
        &self,
        request: Request<pb::DownloadAttachmentRequest>,
    ) -> Answer<Self::DownloadAttachmentStream> {
        answer(rpc::download_attachment::handle(&self.0, request).await)
    }
}

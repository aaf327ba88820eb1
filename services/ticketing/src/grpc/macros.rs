//! MacroService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::macro_service_server::MacroService for Ticketing {
    async fn create_macro(&self, request: Request<pb::CreateMacroRequest>) -> Answer<pb::Macro> {
        answer(rpc::create_macro::handle(&self.0, request).await)
    }

    async fn get_macro(&self, request: Request<pb::GetMacroRequest>) -> Answer<pb::Macro> {
        answer(rpc::get_macro::handle(&self.0, request).await)
    }

    async fn list_macros(&self, request: Request<pb::ListMacrosRequest>) -> Answer<pb::ListMacrosResponse> {
        answer(rpc::list_macros::handle(&self.0, request).await)
    }

    async fn update_macro(&self, request: Request<pb::UpdateMacroRequest>) -> Answer<pb::Macro> {
        answer(rpc::update_macro::handle(&self.0, request).await)
    }

    async fn archive_macro(&self, request: Request<pb::ArchiveMacroRequest>) -> Answer<pb::Macro> {
        answer(rpc::archive_macro::handle(&self.0, request).await)
    }

    async fn restore_macro(&self, request: Request<pb::RestoreMacroRequest>) -> Answer<pb::Macro> {
        answer(rpc::restore_macro::handle(&self.0, request).await)
    }

    async fn apply_macro(&self, request: Request<pb::ApplyMacroRequest>) -> Answer<pb::ApplyMacroResponse> {
        answer(rpc::apply_macro::handle(&self.0, request).await)
    }
}

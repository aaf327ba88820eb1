//! The gRPC services: one line an RPC.

use futures::StreamExt as _;
use futures::stream::BoxStream;
use tonic::{Request, Response, Status, Streaming};
use vorrang_api::ingestion::v1::call_service_server::CallService;
use vorrang_api::ingestion::v1::chat_service_server::ChatService;
use vorrang_api::ingestion::v1::import_service_server::ImportService;
use vorrang_api::ingestion::v1::ingestion_service_server::IngestionService;
use vorrang_api::ingestion::v1::quarantine_service_server::QuarantineService;
use vorrang_api::ingestion::v1::source_service_server::SourceService;
use vorrang_api::ingestion::v1::{
    ConverseRequest, ConverseResponse, CreateSourceRequest, DeleteImportRequest, DiscardQuarantineItemRequest,
    GetImportRequest, GetQuarantineItemRequest, GetReceiptRequest, GetSourceRequest, Import, ImportHistoryRequest,
    ListImportErrorsRequest, ListImportErrorsResponse, ListImportsRequest, ListImportsResponse, ListPresetsRequest,
    ListPresetsResponse, ListQuarantineItemsRequest, ListQuarantineItemsResponse, ListSourcesRequest,
    ListSourcesResponse, PushEmailRequest, PushEmailResponse, PushTicketRequest, PushTicketResponse,
    PushTicketsRequest, QuarantineItem, Receipt, RecordCallEventRequest, RecordCallEventResponse,
    RetryQuarantineItemRequest, RetryQuarantineItemResponse, Source, UpdateSourceRequest,
};
use vorrang_error::Error;
use vorrang_service::status;

use crate::app::App;
use crate::rpc;

/// All of ingestion's services.
#[derive(Clone)]
pub struct Grpc(pub App);

type Answer<T> = Result<Response<T>, Status>;

fn answer<T>(result: Result<T, Error>) -> Answer<T> {
    result.map(Response::new).map_err(status)
}

#[tonic::async_trait]
impl IngestionService for Grpc {
    type PushTicketsStream = rpc::push_tickets::Answers;

    async fn push_ticket(&self, request: Request<PushTicketRequest>) -> Answer<PushTicketResponse> {
        answer(rpc::push_ticket::handle(&self.0, request).await)
    }

    async fn push_tickets(&self, request: Request<Streaming<PushTicketsRequest>>) -> Answer<Self::PushTicketsStream> {
        answer(rpc::push_tickets::handle(&self.0, request).await)
    }

    async fn push_email(&self, request: Request<PushEmailRequest>) -> Answer<PushEmailResponse> {
        answer(rpc::push_email::handle(&self.0, request).await)
    }

    async fn get_receipt(&self, request: Request<GetReceiptRequest>) -> Answer<Receipt> {
        answer(rpc::get_receipt::handle(&self.0, request).await)
    }
}

#[tonic::async_trait]
impl ChatService for Grpc {
    type ConverseStream = BoxStream<'static, Result<ConverseResponse, Status>>;

    async fn converse(&self, request: Request<Streaming<ConverseRequest>>) -> Answer<Self::ConverseStream> {
        answer(rpc::converse::handle(&self.0, request).map(|stream| stream.boxed()))
    }
}

#[tonic::async_trait]
impl CallService for Grpc {
    async fn record_call_event(&self, request: Request<RecordCallEventRequest>) -> Answer<RecordCallEventResponse> {
        answer(rpc::record_call_event::handle(&self.0, request).await)
    }
}

#[tonic::async_trait]
impl SourceService for Grpc {
    async fn create_source(&self, request: Request<CreateSourceRequest>) -> Answer<Source> {
        answer(rpc::create_source::handle(&self.0, request).await)
    }

    async fn get_source(&self, request: Request<GetSourceRequest>) -> Answer<Source> {
        answer(rpc::get_source::handle(&self.0, request).await)
    }

    async fn list_sources(&self, request: Request<ListSourcesRequest>) -> Answer<ListSourcesResponse> {
        answer(rpc::list_sources::handle(&self.0, request).await)
    }

    async fn update_source(&self, request: Request<UpdateSourceRequest>) -> Answer<Source> {
        answer(rpc::update_source::handle(&self.0, request).await)
    }

    async fn list_presets(&self, request: Request<ListPresetsRequest>) -> Answer<ListPresetsResponse> {
        answer(rpc::list_presets::handle(&self.0, request).await)
    }
}

#[tonic::async_trait]
impl QuarantineService for Grpc {
    async fn list_quarantine_items(
        &self,
        request: Request<ListQuarantineItemsRequest>,
    ) -> Answer<ListQuarantineItemsResponse> {
        answer(rpc::list_quarantine_items::handle(&self.0, request).await)
    }

    async fn get_quarantine_item(&self, request: Request<GetQuarantineItemRequest>) -> Answer<QuarantineItem> {
        answer(rpc::get_quarantine_item::handle(&self.0, request).await)
    }

    async fn retry_quarantine_item(
        &self,
        request: Request<RetryQuarantineItemRequest>,
    ) -> Answer<RetryQuarantineItemResponse> {
        answer(rpc::retry_quarantine_item::handle(&self.0, request).await)
    }

    async fn discard_quarantine_item(&self, request: Request<DiscardQuarantineItemRequest>) -> Answer<QuarantineItem> {
        answer(rpc::discard_quarantine_item::handle(&self.0, request).await)
    }
}

#[tonic::async_trait]
impl ImportService for Grpc {
    async fn import_history(&self, request: Request<Streaming<ImportHistoryRequest>>) -> Answer<Import> {
        answer(rpc::import_history::handle(&self.0, request).await)
    }

    async fn get_import(&self, request: Request<GetImportRequest>) -> Answer<Import> {
        answer(rpc::get_import::handle(&self.0, request).await)
    }

    async fn list_imports(&self, request: Request<ListImportsRequest>) -> Answer<ListImportsResponse> {
        answer(rpc::list_imports::handle(&self.0, request).await)
    }

    async fn list_import_errors(&self, request: Request<ListImportErrorsRequest>) -> Answer<ListImportErrorsResponse> {
        answer(rpc::list_import_errors::handle(&self.0, request).await)
    }

    async fn delete_import(&self, request: Request<DeleteImportRequest>) -> Answer<()> {
        answer(rpc::delete_import::handle(&self.0, request).await)
    }
}

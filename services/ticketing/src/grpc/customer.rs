//! CustomerService: one line an RPC.

use tonic::Request;
use vorrang_api::ticketing::v1 as pb;

use super::{Answer, Ticketing, answer};
use crate::rpc;

#[tonic::async_trait]
impl pb::customer_service_server::CustomerService for Ticketing {
    async fn create_customer(&self, request: Request<pb::CreateCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::create_customer::handle(&self.0, request).await)
    }

    async fn get_customer(&self, request: Request<pb::GetCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::get_customer::handle(&self.0, request).await)
    }

    async fn lookup_customer(&self, request: Request<pb::LookupCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::lookup_customer::handle(&self.0, request).await)
    }

    async fn list_customers(&self, request: Request<pb::ListCustomersRequest>) -> Answer<pb::ListCustomersResponse> {
        answer(rpc::list_customers::handle(&self.0, request).await)
    }

    async fn update_customer(&self, request: Request<pb::UpdateCustomerRequest>) -> Answer<pb::Customer> {
        answer(rpc::update_customer::handle(&self.0, request).await)
    }
}

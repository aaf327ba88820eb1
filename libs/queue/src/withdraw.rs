//! Offers that an agent's earlier stream left behind.

use vorrang_error::Error;

use crate::connection::Queue;
use crate::leases::{Expired, read_expired};
use crate::script;

impl Queue {
    /// Ends every offer of `agent`, whoever made it, and gives them: for a stream that begins and has shown none yet. The contacts
    /// keep place and age, it does not count as a return, and the agent may have them again at once.
    pub async fn withdraw(&self, tenant: &str, agent: &str, returns_max: u32) -> Result<Vec<Expired>, Error> {
        let rows = self
            .call(tenant, &script::WITHDRAW, &[], |_| {
                vec![agent.as_bytes().to_vec(), returns_max.to_string().into_bytes()]
            })
            .await?;
        rows.map(read_expired).collect()
    }
}

//! The only place that builds key names. All keys of a tenant share one hash tag, so a script runs on one cluster node.

use crate::lane::Lane;

/// Changes when the layout changes, so that old and new processes never read each other's keys.
const LAYOUT: &str = "vorrang:q1";

/// The set of tenants that have queues here; only a hint of whom to look after at start.
pub(crate) fn tenants() -> String {
    format!("{LAYOUT}:tenants")
}

/// The fixed keys in the order of prelude.lua.
pub(crate) fn fixed(tenant: &str) -> [String; 6] {
    ["meta", "items", "holders", "leases", "loads", "parked"].map(|name| format!("{LAYOUT}:{{{}}}:{name}", tag(tenant)))
}

/// The zset of one lane.
pub(crate) fn lane(tenant: &str, lane: &str) -> String {
    format!("{LAYOUT}:{{{}}}:lane:{lane}", tag(tenant))
}

/// The lanes of a list as meta keeps it.
pub(crate) fn lanes(list: &str) -> impl Iterator<Item = Lane> + '_ {
    list.split('\n').filter(|name| !name.is_empty()).map(Lane::from_name)
}

/// A tenant's id inside a hash tag: braces would end the tag early and mix tenants.
fn tag(tenant: &str) -> String {
    tenant.replace('%', "%25").replace('{', "%7B").replace('}', "%7D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_keys_of_a_tenant_share_one_hash_tag() {
        for tenant in ["acme", "a}b", "a{b", "%7D"] {
            let mut keys = fixed(tenant).to_vec();
            keys.push(lane(tenant, "default/chat"));
            let tags: std::collections::BTreeSet<_> = keys
                .iter()
                .map(|key| {
                    let start = key.find('{').expect("has a tag") + 1;
                    let end = start + key[start..].find('}').expect("the tag ends");
                    key[start..end].to_owned()
                })
                .collect();
            assert_eq!(tags.len(), 1, "{tenant}: {tags:?}");
        }
        assert_ne!(fixed("a}b"), fixed("a%7Db"));
    }
}

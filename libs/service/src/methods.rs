//! What the contracts say about every method: who may call it and whether it is a stream.

use std::collections::HashMap;

use prost_reflect::{DescriptorPool, MethodDescriptor};
use vorrang_error::Error;
use vorrang_identity::Scope;

const SCOPE_OPTION: &str = "vorrang.options.v1.scope";

/// Every method of the contracts and of the public services, by path.
pub(crate) struct Methods(HashMap<String, Method>);

/// One method.
pub(crate) struct Method {
    /// `package.Service/Method`.
    pub(crate) name: String,
    /// Who may call it.
    pub(crate) access: Access,
    /// Whether either side sends a stream.
    pub(crate) streaming: bool,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Everybody, without a credential: health and reflection.
    Public,
    /// Whoever has this scope.
    Scoped(Scope),
    /// Nobody: the contract names no scope, or one that does not exist.
    Nobody,
}

impl Methods {
    /// Reads an encoded descriptor set.
    ///
    /// Fails with Internal when it is damaged, which a test excludes.
    pub(crate) fn new(contracts: &[u8]) -> Result<Self, Error> {
        let mut methods = HashMap::new();
        let pool = decode(contracts)?;
        let scope = pool.get_extension_by_name(SCOPE_OPTION);
        for method in all(&pool) {
            let name = scope
                .as_ref()
                .map(|scope| method.options().get_extension(scope).into_owned());
            let access = access(name.as_ref().and_then(|name| name.as_str()));
            add(&mut methods, &method, access);
        }
        for public in [
            tonic_health::pb::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
            tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
        ] {
            for method in all(&decode(public)?) {
                add(&mut methods, &method, Access::Public);
            }
        }
        Ok(Self(methods))
    }

    /// The method behind a path (`/package.Service/Method`), if there is one.
    pub(crate) fn get(&self, path: &str) -> Option<&Method> {
        self.0.get(path)
    }
}

fn access(option: Option<&str>) -> Access {
    option
        .and_then(|name| name.parse::<Scope>().ok())
        .map_or(Access::Nobody, Access::Scoped)
}

fn decode(descriptors: &[u8]) -> Result<DescriptorPool, Error> {
    DescriptorPool::decode(descriptors).map_err(|why| Error::internal("a descriptor set cannot be read").caused_by(why))
}

fn all(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    pool.services()
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

fn add(methods: &mut HashMap<String, Method>, method: &MethodDescriptor, access: Access) {
    let name = format!("{}/{}", method.parent_service().full_name(), method.name());
    let streaming = method.is_client_streaming() || method.is_server_streaming();
    methods.insert(
        format!("/{name}"),
        Method {
            name,
            access,
            streaming,
        },
    );
}

#[cfg(test)]
mod tests;

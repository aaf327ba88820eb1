//! What can be said about the contracts without running anything.

use prost_reflect::{DescriptorPool, MethodDescriptor};

use crate::sources::{none, root};

pub fn methods() -> Vec<MethodDescriptor> {
    let pool = DescriptorPool::decode(vorrang_api::FILE_DESCRIPTOR_SET).expect("a descriptor set");
    pool.services()
        .filter(|service| service.full_name().starts_with("vorrang."))
        .flat_map(|service| service.methods().collect::<Vec<_>>())
        .collect()
}

#[test]
fn every_method_names_its_scope() {
    let findings = methods()
        .into_iter()
        .filter(|method| {
            let option = method.parent_pool().get_extension_by_name("vorrang.options.v1.scope");
            let option = option.expect("the option is part of the descriptor set");
            !method.options().has_extension(&option)
        })
        .map(|method| method.full_name().to_owned())
        .collect();
    none(
        "`option (vorrang.options.v1.scope)`: a method without one is refused to everybody",
        findings,
    );
}

#[test]
fn every_method_has_a_file_of_its_own() {
    let mut findings = Vec::new();
    for method in methods() {
        let package = method.parent_service().package_name().to_owned();
        let service = package.split('.').nth(1).unwrap_or_default().to_owned();
        let folder = root().join("services").join(&service).join("src/rpc");
        let file = format!("{}.rs", snake(method.name()));
        if !folder.join(&file).is_file() {
            findings.push(format!("services/{service}/src/rpc/{file} for {}", method.full_name()));
        }
    }
    none("one file per RPC, so that a newcomer finds it by its name", findings);
}

fn snake(name: &str) -> String {
    let mut snake = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(letter.to_lowercase());
    }
    snake
}

//! Compiles proto/ to Rust and to a descriptor set. protox reads the files, so no protoc is needed; its descriptor set keeps our options
//! (the scopes), which reflection serves and the server enforces.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use prost_types::FileDescriptorSet;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let manifest = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let proto = manifest.join("../../proto");
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed={}", proto.display());

    let mut files = Vec::new();
    collect(&proto.join("vorrang"), &mut files)?;
    files.sort();

    let mut compiler = protox::Compiler::new([&proto])?;
    compiler
        .include_imports(true)
        .include_source_info(true)
        .open_files(&files)?;
    std::fs::write(out.join("descriptors.bin"), compiler.encode_file_descriptor_set())?;

    let contracts = compiler.file_descriptor_set();
    feeds(contracts.clone(), &out)?;
    tonic_prost_build::configure()
        .bytes(".")
        // Ordered, so that equal requests are encoded equally: their hash tells a repeated request_id from a reused one.
        .btree_map(".")
        .extern_path(".google.rpc.Status", "::tonic_types::Status")
        .compile_fds(contracts)?;
    Ok(())
}

/// The owners of a feed. Their servers are generated a second time, with an answer that holds encoded events; see `raw.rs`.
const OWNERS: [&str; 3] = ["knowledge", "routing", "ticketing"];

fn feeds(mut contracts: FileDescriptorSet, out: &Path) -> std::io::Result<()> {
    let packages: BTreeSet<String> = contracts.file.iter().map(|file| file.package().to_owned()).collect();
    for file in &mut contracts.file {
        let feed = OWNERS
            .iter()
            .any(|owner| file.name() == format!("vorrang/{owner}/v1/feed_service.proto"));
        if !feed {
            file.service.clear();
        }
    }
    let folder = out.join("raw");
    std::fs::create_dir_all(&folder)?;
    let mut builder = tonic_prost_build::configure()
        .build_client(false)
        .out_dir(folder)
        .extern_path(".google.rpc.Status", "::tonic_types::Status");
    // Every message exists already: only the servers are new.
    for package in packages.iter().filter(|package| package.starts_with("vorrang.")) {
        let path = package.trim_start_matches("vorrang.").replace('.', "::");
        builder = builder.extern_path(format!(".{package}"), format!("crate::{path}"));
    }
    for owner in OWNERS {
        builder = builder.extern_path(
            format!(".vorrang.{owner}.v1.FollowResponse"),
            "crate::raw::FollowResponse",
        );
    }
    builder.compile_fds(contracts)
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            files.push(path);
        }
    }
    Ok(())
}

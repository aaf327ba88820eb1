//! Routing as a process of its own.

fn main() -> std::process::ExitCode {
    vorrang_service::main("routing", vorrang_routing::bind)
}

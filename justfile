# The daily commands. CI runs `test`; everything here is a script or a cargo command that works without just.

# what there is
default:
    @just --list

# builds the suite and shows it at work; stays up. `just demo --once` ends.
demo *args:
    deploy/demo {{args}}

# all five services with data in ./.data
up *args:
    cargo run --package vorrang -- up {{args}}

# formatting, lints, layout rules and contracts
check:
    tests/run scripts format contracts lint tidy

# formats the sources
fmt:
    cargo fmt --all

# every test and check; ends in "N passed, N failed"
test *steps:
    tests/run {{steps}}

# ours beside the machine's limit; `just bench ticketing`, without a name memory and time to ready
bench *args:
    tests/bench {{ if args == "" { "idle" } else { args } }}

# lints the contracts and builds the generated code
proto:
    tests/run contracts
    cargo build --package vorrang-api

# brings the configured databases to this version's schema
migrate *args:
    cargo run --package vorrang -- migrate {{args}}

# an API key that may do everything for a tenant, for trying things out
key tenant:
    @cargo run --quiet --package vorrang -- key create --tenant {{tenant}} --scope admin --label just

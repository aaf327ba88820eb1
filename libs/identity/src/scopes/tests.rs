use super::*;

#[test]
fn every_scope_reads_as_it_is_written() {
    for scope in Scope::EVERY {
        assert_eq!(scope.as_str().parse::<Scope>().expect("known"), *scope);
    }
    let all: Scopes = Scope::EVERY.iter().copied().collect();
    assert_eq!(all.to_string().parse::<Scopes>().expect("known"), all);
    assert_eq!(
        "tickets.read,tickets.write"
            .parse::<Scopes>()
            .expect("commas too")
            .to_string(),
        "tickets.read tickets.write"
    );
    assert!("tickets.read everything".parse::<Scopes>().is_err());
}

#[test]
fn a_scope_allows_itself_only() {
    let scopes = Scopes::of(&[Scope::TicketsRead]);
    for scope in Scope::EVERY {
        assert_eq!(scopes.allow(*scope), *scope == Scope::TicketsRead, "{scope}");
    }
    assert!(Scope::EVERY.iter().all(|scope| !Scopes::NONE.allow(*scope)));
}

#[test]
fn admin_allows_everything_but_internal() {
    let admin = Scopes::of(&[Scope::Admin]);
    for scope in Scope::EVERY {
        assert_eq!(admin.allow(*scope), *scope != Scope::Internal, "{scope}");
    }
    let internal = Scopes::of(&[Scope::Internal]);
    assert!(Scope::EVERY.iter().all(|scope| internal.allow(*scope)));
}

//! Addresses as people mean them, from headers as mail programs write them.

use mail_parser::{Addr, HeaderName, HeaderValue, Message};
use serde::Serialize;

/// A mailbox. Either field may be empty; an empty `address` means that none could be read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Address {
    /// `local@domain`, in the sender's own spelling.
    pub address: String,
    /// Display name, decoded; empty when the mail gives none.
    pub name: String,
}

/// The first address of the first header called `name`.
pub(super) fn first(message: &Message<'_>, name: HeaderName<'static>) -> Option<Address> {
    all(message, name).into_iter().next()
}

/// Every address of the headers called `name`, groups flattened.
pub(super) fn all(message: &Message<'_>, name: HeaderName<'static>) -> Vec<Address> {
    message
        .header_values(name)
        .filter_map(HeaderValue::as_address)
        .flat_map(|addresses| addresses.iter().map(convert))
        .filter(|address| !address.address.is_empty() || !address.name.is_empty())
        .collect()
}

fn convert(addr: &Addr<'_>) -> Address {
    let address = addr.address.as_deref().map(tidy).unwrap_or_default();
    let name = addr.name.as_deref().map(str::trim).unwrap_or_default().to_owned();
    if address.starts_with('@') && !name.is_empty() {
        // `"Big Bug"@example.org`: the parser takes the quoted local part for the name.
        return Address {
            address: format!("\"{name}\"{address}"),
            name: String::new(),
        };
    }
    Address { address, name }
}

/// The parser drops quotes and keeps white space it could not place. Two addresses without a comma
/// become the first; folded white space in a domain goes away; a local part that needs quotes gets
/// them back.
fn tidy(address: &str) -> String {
    let address = address.trim().trim_matches(['<', '>']);
    let mut words = address.split_whitespace();
    if let (Some(first), Some(second)) = (words.next(), words.next())
        && first.contains('@')
        && second.contains('@')
    {
        return first.trim_end_matches([',', ';']).to_owned();
    }
    let Some((local, domain)) = address.rsplit_once('@') else {
        return address.to_owned();
    };
    let domain: String = domain.split_whitespace().collect();
    let local = local.trim();
    if local.contains(char::is_whitespace) && !local.starts_with('"') {
        format!("\"{local}\"@{domain}")
    } else {
        format!("{local}@{domain}")
    }
}

//! Request, policy, journal, release: in this order, for every act.

#[cfg(feature = "cedar")]
mod cedar;
mod delivery;
mod journal;
mod own;
mod policies;
mod sinks;

use crate::audit::{Outcome, Relayed, Required};
use crate::policy::Denial;
use crate::vault::tests::*;

/// Returns the denial of an act.
fn denial<T>(result: Result<T, Error>) -> Box<Denial> {
    match result {
        Err(Error::Denied(denial)) => denial,
        Err(other) => panic!("{other:?}"),
        Ok(_) => panic!("it was permitted"),
    }
}

/// Does each act on records once, and returns its name and error.
fn acts(customers: &Collection<Customer>, batch: &mut Batch, id: RecordId) -> [(&'static str, Option<Error>); 11] {
    [
        ("create", customers.insert(&Customer::new("new", "")).err()),
        ("read", customers.get(id).err()),
        ("list", customers.list(None, 10).err()),
        ("list", customers.iter(10).find_map(Result::err)),
        ("search", customers.find("name", "Ann", None, 10).err()),
        ("list", customers.list_newest(None, 10).err()),
        ("search", customers.count_found(&[("name", "Ann".into())]).err()),
        ("search", customers.find_unique("email", "ann@x.org").err()),
        ("update", customers.update(id, |customer| customer.tier = None).err()),
        ("update", batch.update(customers, id, |customer| customer.tier = None).err()),
        ("delete", customers.delete(id).err()),
    ]
}

//! Index values: from fields and owners to terms, links and searches.

use crate::crypto::{Key, role};
use crate::error::{Error, Result};
use crate::index;
use crate::index::{Link, LinksPlace, Term};
use crate::record::{Plan, RecordError, SearchValue, index_value};

use crate::model::{IndexValue, Revision};
use crate::vault::state::schema::{CompiledSchema, IndexCore};
use crate::vault::state::seals::RowPlace;
use crate::vault::state::tenant::TenantCore;

/// Returns the normalized value of a field for an index; `None` if it has no entry.
pub(crate) fn term_of(index: &IndexCore, bytes: &[u8]) -> Result<Option<Term>> {
    match index_value(bytes) {
        Ok(Some(value)) => {
            index::normalize(&index.normalizer, &value).map_err(|error| Error::io("normalizing a field", error))
        }
        Ok(None) => Ok(None),
        Err(problem) => Err(RecordError::Write { field: index.name().to_owned(), problem }.into()),
    }
}

/// Returns the normalized owner of a record for an index of owners; `None` if it has no entry.
pub(crate) fn owner_term(index: &IndexCore, owner: &str) -> Result<Option<Term>> {
    let owner = IndexValue::Text(owner.to_owned());
    index::normalize(&index.normalizer, &owner).map_err(|error| Error::io("normalizing an owner", error))
}

/// Opens the index links of a row.
pub(crate) fn links(tenant: &TenantCore, place: &RowPlace, revision: Revision, section: &[u8]) -> Result<Vec<Link>> {
    let place = LinksPlace { tenant: tenant.id, collection: place.collection, record: place.record, revision };
    index::open_links(tenant.keys.links(), &place, section)
        .map_err(|error| Error::damaged_by("a record's list of index entries doesn't open", error))
}

/// A value sought in an index that can be searched.
pub(crate) struct Sought<'l> {
    pub(crate) index: &'l IndexCore,
    pub(crate) term: Term,
    /// Key of the value's entries.
    pub(crate) key: Key<role::Value>,
}

/// Normalizes a search value; `None` if it normalizes to nothing, which no record has.
pub(crate) fn sought<'l>(
    layout: &'l CompiledSchema,
    plan: &Plan,
    field: &str,
    value: &SearchValue,
) -> Result<Option<Sought<'l>>> {
    let value = plan.search_value(field, value.clone())?;
    let index = searched(layout, field)?;
    let term = index::normalize(&index.normalizer, &value);
    let term = term.map_err(|error| Error::io("normalizing the value sought", error))?;
    Ok(term.map(|term| Sought { index, key: index.keys.value_key(&term), term }))
}

/// Returns the index that serves searches by this field.
pub(crate) fn searched<'l>(layout: &'l CompiledSchema, field: &str) -> Result<&'l IndexCore> {
    let mut indexes = layout.indexes.iter().filter(|index| index.is_on(field));
    let index = indexes.clone().find(|index| index.ready).or_else(|| indexes.next());
    let index = index.ok_or_else(|| Error::NotIndexed { field: field.to_owned() })?;
    if index.ready { Ok(index) } else { Err(Error::IndexNotReady { field: field.to_owned() }) }
}

/// Splits a row's links into those that stay, of indexes that `stays` keeps, and those that end.
pub(crate) fn keep(
    links: Vec<Link>,
    layout: &CompiledSchema,
    stays: impl Fn(&IndexCore) -> bool,
) -> (Vec<Link>, Vec<Link>) {
    let known = |link: &Link| {
        layout
            .indexes
            .iter()
            .any(|core| (core.keys.index(), core.keys.version()) == (link.index, link.version) && stays(core))
    };
    links.into_iter().partition(known)
}

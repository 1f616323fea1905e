//! Names, schemas and dictionaries: sealed, each split over as many values as it needs.

use crate::crypto::{Context, Domain, Key, Label, Role, open, seal};
use crate::error::{Error, Result};
use crate::format::place;
use crate::format::place::Space;
use crate::format::state::{join, split};
use crate::keys::TenantKeys;
use crate::model::{CollectionId, TenantId};
use crate::store::Store;

/// A key with the value to put, or `None` to remove it; in an expectation, the value that must be there.
pub(crate) type Put = (Vec<u8>, Option<Vec<u8>>);

/// Longest name of a tenant or a collection, in bytes.
pub(crate) const NAME: usize = 255;
/// Number of parts read at once; no value here has as many parts.
const PARTS: usize = 4096;

/// A part of a collection's description.
#[derive(Clone, Copy)]
pub(crate) enum Part {
    Name,
    Schema,
    Dictionary,
}

impl Part {
    pub(crate) const fn space(self) -> Space {
        match self {
            Self::Name => Space::CollectionName,
            Self::Schema => Space::Schema,
            Self::Dictionary => Space::Dictionary,
        }
    }

    const fn domain(self) -> Domain {
        match self {
            Self::Name => Domain::CollectionName,
            Self::Schema => Domain::Schema,
            Self::Dictionary => Domain::Dictionary,
        }
    }
}

/// Seals a new value of a part. Returns the values to put, and the old value's further parts to remove.
pub(crate) fn seal_part(
    store: &dyn Store,
    keys: &TenantKeys,
    tenant: TenantId,
    collection: CollectionId,
    part: Part,
    plain: &[u8],
) -> Result<Vec<Put>> {
    let context = context(part, tenant, collection);
    let sealed = match part {
        Part::Name => seal(keys.names(), Label::Name, &context, plain),
        Part::Schema => seal(keys.schema(), Label::Schema, &context, plain),
        Part::Dictionary => seal(keys.schema(), Label::Dictionary, &context, plain),
    };
    let sealed = sealed.map_err(|error| Error::io("sealing a schema", error))?;
    let values = split(&sealed).map_err(|_| Error::TooLarge {
        what: "schema or its dictionary",
        size: sealed.len(),
        limit: crate::format::state::MAX_SPLIT,
    })?;
    let key = |number| place::collection_part(part.space(), tenant, collection, number);
    let mut puts: Vec<_> = (0..).zip(values).map(|(number, value)| (key(number), Some(value))).collect();
    for number in u16::try_from(puts.len()).unwrap_or(u16::MAX).. {
        let old = store.get(&key(number)).map_err(|error| Error::io("reading a schema", error))?;
        if old.is_none() {
            break;
        }
        puts.push((key(number), None));
    }
    Ok(puts)
}

/// Opens the same part of each of a tenant's collections.
pub(crate) fn open_parts(
    store: &dyn Store,
    keys: &TenantKeys,
    tenant: TenantId,
    part: Part,
) -> Result<Vec<(CollectionId, Vec<u8>)>> {
    let prefix = place::of_tenant(part.space(), tenant);
    let mut found: Vec<(CollectionId, Vec<Vec<u8>>)> = Vec::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = store.scan(&prefix, after.as_deref(), PARTS).map_err(|error| Error::io("reading schemas", error))?;
        let last = page.len() < PARTS;
        for (key, value) in page {
            let (id, number) =
                place::collection_of_key(&key).ok_or(Error::damaged("a key in the store is not a collection's"))?;
            after = Some(key);
            match found.last_mut() {
                Some((current, parts)) if *current == id && parts.len() == usize::from(number) => parts.push(value),
                _ if number == 0 => found.push((id, vec![value])),
                _ => return Err(Error::damaged("a part of a schema is missing")),
            }
        }
        if last {
            break;
        }
    }
    let open_one = |(id, parts): (CollectionId, Vec<Vec<u8>>)| {
        let sealed = join(&parts).map_err(|error| Error::damaged_by("a schema", error))?;
        let plain = match part {
            Part::Name => opened(keys.names(), Label::Name, part, tenant, id, &sealed),
            Part::Schema => opened(keys.schema(), Label::Schema, part, tenant, id, &sealed),
            Part::Dictionary => opened(keys.schema(), Label::Dictionary, part, tenant, id, &sealed),
        }?;
        Ok((id, plain))
    };
    found.into_iter().map(open_one).collect()
}

/// Seals a tenant's name.
pub(crate) fn seal_tenant_name(keys: &TenantKeys, tenant: TenantId, name: &str) -> Result<Vec<u8>> {
    let context = Context::new(Domain::TenantName).bytes(tenant.as_bytes());
    seal(keys.names(), Label::Name, &context, name.as_bytes()).map_err(|error| Error::io("sealing a name", error))
}

/// Opens a tenant's name.
pub(crate) fn open_tenant_name(keys: &TenantKeys, tenant: TenantId, sealed: &[u8]) -> Result<String> {
    let context = Context::new(Domain::TenantName).bytes(tenant.as_bytes());
    let plain = open(keys.names(), Label::Name, &context, sealed)
        .map_err(|error| Error::damaged_by("a tenant's name doesn't open", error))?;
    String::from_utf8(plain.to_vec()).map_err(|error| Error::damaged_by("a tenant's name", error.utf8_error()))
}

fn opened<R: Role>(
    key: &Key<R>,
    label: Label,
    part: Part,
    tenant: TenantId,
    collection: CollectionId,
    sealed: &[u8],
) -> Result<Vec<u8>> {
    let plain = open(key, label, &context(part, tenant, collection), sealed)
        .map_err(|error| Error::damaged_by("a collection's name, schema or dictionary doesn't open", error))?;
    Ok(plain.to_vec())
}

fn context(part: Part, tenant: TenantId, collection: CollectionId) -> Context {
    Context::new(part.domain()).bytes(tenant.as_bytes()).bytes(collection.as_bytes())
}

/// Checks the length of a name.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<()> {
    if name.is_empty() || name.len() > NAME { Err(Error::BadName { what, limit: NAME }) } else { Ok(()) }
}

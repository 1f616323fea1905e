//! Policies as data: a whole policy in a file of TOML that an administrator reads and changes.
//!
//! Guarantees: a file with a mistake is refused as a whole, and every mistake is told with its line and column; a key that
//! isn't known is a mistake; what a file says and nothing else makes its version. Does not: know which collections and
//! fields there are until it is told ([`check_against`](PolicyFile::check_against)); watch the file, or say who may change
//! it.

mod beside;
mod compose;
mod limits;
mod mention;
mod mistake;
mod node;
mod roles;
mod section;
mod sharing;
mod when;
mod word;

#[cfg(test)]
mod tests;

pub use mistake::{Mistake, PolicyFileError};

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::access::as_within;
use super::{AccessPolicy, Decision, Explanation, PolicyError, PolicyVersion, Scope};
use crate::model::{Actor, Facts, Request};
use mention::{Mentions, Named};
use mistake::Mistakes;
use node::{Entry, Value};
use section::Reading;

/// A policy file has at most this many bytes.
const MOST_BYTES: usize = 1 << 20;
/// The name of a policy that isn't from a file, in its errors.
const UNNAMED: &str = "policy";

/// A policy that was read from a file, or from a text.
///
/// The format is described for administrators in `docs/policies.md`. Two files to begin with are
/// [`CRM`](Self::CRM) and [`THREE_ADMINISTRATORS`](Self::THREE_ADMINISTRATORS).
///
/// ```
/// use strongroom::policy::{AccessPolicy, PolicyFile};
///
/// let policy = PolicyFile::parse(
///     r#"
///     version = 1
///
///     [roles.admin]
///     may = ["create_tenant", "define", "change_policy", "verify"]
///
///     [[roles.sales.on]]
///     collection = "customers"
///     create = true
///     read = ["name", "email", "tier"]
///     update = ["tier"]
///     own_only = true
///     "#,
/// )?;
/// assert_eq!(policy.roles(), ["admin", "sales"]);
///
/// let mistaken = policy.text().unwrap_or_default().replace("own_only", "own_olny");
/// let mistaken = PolicyFile::parse(&mistaken).unwrap_err();
/// assert_eq!(mistaken.mistakes()[0].what, "`own_olny` isn't a key here: did you mean `own_only`?");
/// # Ok::<(), strongroom::policy::PolicyFileError>(())
/// ```
///
/// **What it decides.** `all_of(any_of(all_of(roles, sharing, owner grants), break glass), limits and conditions)`: each
/// section that is there is the built-in policy of its name.
///
/// **Versions.** [`version`](AccessPolicy::version) is a hash of what the file says, not of how: comments, blanks and the
/// order of keys don't change it; anything that could change a decision does. A vault keeps the
/// [`text`](AccessPolicy::text) of each version ([`Vault::past_policies`](crate::VaultSession::past_policies)), and reading it
/// back gives the same version:
///
/// ```
/// # use strongroom::policy::{AccessPolicy, PolicyFile};
/// let policy = PolicyFile::parse(PolicyFile::CRM)?;
/// let text = policy.text().unwrap_or_default();
/// assert_eq!(PolicyFile::parse(&text)?.version(), policy.version());
/// # Ok::<(), strongroom::policy::PolicyFileError>(())
/// ```
///
/// **Reloading** is [`reload`](Self::reload), as often as the host likes.
///
/// Cheap to clone.
#[derive(Clone)]
pub struct PolicyFile {
    text: Arc<str>,
    path: Option<PathBuf>,
    composed: Arc<dyn AccessPolicy>,
    version: PolicyVersion,
    named: Arc<Named>,
}

impl PolicyFile {
    /// A policy for a CRM: sales, sales manager, support, marketing, data protection officer, auditor, administrator. Its
    /// text, to be copied into a file and fitted: `examples/policies/crm.toml`.
    pub const CRM: &'static str = include_str!("../../examples/policies/crm.toml");

    /// Three administrators of whom none can do another's work and none sees a record (三员分立): system, security and audit
    /// administrator. Its text: `examples/policies/three-admins.toml`.
    pub const THREE_ADMINISTRATORS: &'static str = include_str!("../../examples/policies/three-admins.toml");

    /// Reads a policy from a text.
    ///
    /// # Errors
    /// [`PolicyFileError::Mistakes`], with all of them; [`PolicyFileError::TooLarge`] for more than 1 MiB.
    pub fn parse(text: &str) -> Result<Self, PolicyFileError> {
        Self::read(text, None, UNNAMED)
    }

    /// Reads a policy from a file of at most 1 MiB, in UTF-8.
    ///
    /// # Errors
    /// As [`parse`](Self::parse), and [`PolicyFileError::Unreadable`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, PolicyFileError> {
        let path = path.as_ref();
        let name = path.file_name().map_or_else(|| UNNAMED.into(), |name| name.to_string_lossy());
        let unreadable = |source| PolicyFileError::Unreadable { path: path.to_owned(), source };
        let file = File::open(path).map_err(unreadable)?;
        let too_large = || PolicyFileError::TooLarge { name: name.clone().into_owned(), limit: MOST_BYTES };
        let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
        if file.metadata().map_err(unreadable)?.len() > most {
            return Err(too_large());
        }
        let mut text = String::new();
        // It may have grown meanwhile.
        file.take(most.saturating_add(1)).read_to_string(&mut text).map_err(unreadable)?;
        Self::read(&text, Some(path), &name)
    }

    /// Reads the file that this policy was loaded from as it is now; `None` if it still says the same, and for a
    /// policy that was read from a text. A file with a mistake is an error, and leaves this policy as it is.
    ///
    /// ```
    /// use std::time::Duration;
    /// use strongroom::policy::PolicyFile;
    /// use strongroom::{Actor, Vault};
    ///
    /// /// Runs on a thread of its own: `vault` was opened with `.policy(policy.clone())`.
    /// fn watch(vault: &Vault, mut policy: PolicyFile, admin: &Actor) -> strongroom::Result<()> {
    ///     loop {
    ///         std::thread::sleep(Duration::from_secs(5));
    ///         match policy.reload() {
    ///             Ok(None) => {}
    ///             Ok(Some(changed)) => {
    ///                 // For every open session, from its next act on; journalled as an act of `admin`.
    ///                 vault.session(admin.clone())?.set_policy(changed.clone())?;
    ///                 policy = changed;
    ///             }
    ///             // The policy that is in force stays. Tell whoever changed the file:
    ///             Err(mistaken) => eprintln!("{mistaken}"),
    ///         }
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// As [`load`](Self::load).
    pub fn reload(&self) -> Result<Option<Self>, PolicyFileError> {
        let Some(path) = &self.path else { return Ok(None) };
        let now = Self::load(path)?;
        Ok((now.version != self.version).then_some(now))
    }

    /// Returns the file it was loaded from.
    #[must_use]
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Returns the collections and fields that the policy names and that there aren't. A policy can't know them by itself, and
    /// a misspelt one allows and limits nothing.
    ///
    /// Give it every collection with its fields; one with an empty list may have any field, as an open schema does.
    /// [`Tenant::check_policy`](crate::Tenant::check_policy) does this with a tenant's collections.
    ///
    /// ```
    /// use strongroom::policy::PolicyFile;
    ///
    /// let policy = PolicyFile::parse(
    ///     "version = 1\n[[roles.sales.on]]\ncollection = \"customers\"\nread = [\"name\", \"emial\"]",
    /// )?;
    /// let wrong = policy.check_against(&[("customers", &["name", "email"])]);
    /// assert_eq!(wrong[0].what, "`customers` has no field `emial`: did you mean `email`?");
    /// assert_eq!((wrong[0].line, wrong[0].column), (4, 17));
    /// # Ok::<(), strongroom::policy::PolicyFileError>(())
    /// ```
    #[must_use]
    pub fn check_against(&self, collections: &[(&str, &[&str])]) -> Vec<Mistake> {
        self.named.unknown(&self.text, collections)
    }

    fn read(text: &str, path: Option<&Path>, name: &str) -> Result<Self, PolicyFileError> {
        if text.len() > MOST_BYTES {
            return Err(PolicyFileError::TooLarge { name: name.to_owned(), limit: MOST_BYTES });
        }
        let (composed, named) =
            understood(text).map_err(|mistakes| PolicyFileError::Mistakes { name: name.to_owned(), mistakes })?;
        Ok(Self {
            text: text.into(),
            path: path.map(Path::to_owned),
            version: PolicyVersion::of("policy file, 1").with(&composed.version().to_string()),
            composed: composed.into(),
            named: Arc::new(named.into_named()),
        })
    }
}

type Understood = (Box<dyn AccessPolicy>, Mentions);

fn understood(text: &str) -> Result<Understood, Vec<Mistake>> {
    let entries = node::tree(text).map_err(|mistakes| mistake::place(text, mistakes))?;
    let reading = Reading { roles: role_names(&entries).collect(), ..Reading::default() };
    let composed = reading.table(&entries, 0, compose::read);
    let Reading { mistakes, mentions, .. } = reading;
    if mistakes.count() == 0 { Ok((composed, mentions)) } else { Err(Mistakes::placed(mistakes, text)) }
}

/// Returns the roles that the file defines, before anything is read: any section may name any of them.
fn role_names(entries: &[Entry]) -> impl Iterator<Item = String> {
    let roles = entries.iter().filter(|entry| entry.key == "roles");
    roles.flat_map(|roles| match &roles.node.value {
        Value::Table(roles) => roles.iter().map(|role| role.key.clone()).collect(),
        _ => Vec::new(),
    })
}

impl AccessPolicy for PolicyFile {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        self.composed.decide(request, facts)
    }

    as_within!(self, self.composed);

    fn version(&self) -> PolicyVersion {
        self.version
    }

    fn text(&self) -> Option<String> {
        Some(self.text.to_string())
    }
}

impl fmt::Debug for PolicyFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PolicyFile").field("path", &self.path).field("version", &self.version).finish_non_exhaustive()
    }
}

//! Sharing: whose records somebody sees, and whose they may change. The model that users of a CRM know.
//!
//! Guarantees: what nothing shares isn't permitted; a restriction overrides whatever permits, here and in every policy
//! around this one; a list's scope holds every record that is permitted. Does not: say which acts and fields a role
//! has ([`Roles`](super::Roles) does), or know an owner's role.

mod decide;
mod explain;
mod hierarchy;
mod index;
pub(super) mod level;
pub(super) mod matching;
mod rules;
mod scope;

#[cfg(test)]
pub(super) mod tests;

pub use rules::{Restriction, SharingRule};

use std::sync::OnceLock;

use super::{AccessPolicy, Decision, Explanation, PolicyError, PolicyVersion, Scope};
use crate::model::{Facts, Request};
use decide::Question;
use index::{Index, Said};
use level::Level;

/// Which records: a policy of owners, managers, groups and shares.
///
/// It permits every field of what it finds shared, so put it beside [`Roles`](super::Roles), which say what each role does
/// with which fields:
///
/// ```
/// use strongroom::Actor;
/// use strongroom::model::{Action, NoFacts, Request, Resource, Timestamp};
/// use strongroom::policy::{AccessPolicy, Roles, Sharing, all_of};
///
/// let roles = Roles::new()
///     .role("sales", |r| r.on("customers").create().read(["name", "phone"]).update(["phone"]).on("products").read_all());
/// let sharing = Sharing::new()
///     // Customers are their owner's; what is said of no collection is private too. Everybody sees the products.
///     .private("customers")
///     .public_read("products")
///     // boss-1 has whatever sales-7 and sales-8 own.
///     .manager("sales-7", "boss-1")
///     .manager("sales-8", "boss-1")
///     .group("north", ["sales-7"])
///     .group("south", ["sales-8"])
///     .rule("south sees north's", |r| r.on("customers").owned_by_group("north").to_group("south").read())
///     // Whatever else is said: customers in litigation are for the lawyers.
///     .restrict("litigation", |r| r.on("customers").labelled("litigation").except_role("legal"));
/// let policy = all_of(roles).and(sharing);
/// policy.check()?;
///
/// let sales_8 = Actor::new("sales-8").with_role("sales");
/// let norths = Resource::new().owner("sales-7");
/// let ask = |action| Request::new(&sales_8, action, Timestamp::from_micros(0)).on("customers").resource(&norths);
/// assert!(policy.decide(&ask(Action::Read), &NoFacts)?.is_permit());
/// assert!(!policy.decide(&ask(Action::Update), &NoFacts)?.is_permit());
/// # Ok::<(), strongroom::policy::PolicyError>(())
/// ```
///
/// # Who has what
///
/// | | reads | changes | deletes, shares, gives away |
/// |---|---|---|---|
/// | the owner, and all who manage them | yes | yes | yes |
/// | managers, where [`managers_read_only`](Self::managers_read_only) | yes | no | no |
/// | everybody, in a collection with [`public_read`](Self::public_read) | yes | no | no |
/// | everybody, in a collection with [`public_write`](Self::public_write) | yes | yes | no |
/// | whom a [`rule`](Self::rule) or a share in the vault reaches | yes | if it says `write` | no |
///
/// The widest of these holds. Reading is listing, searching, counting, exporting and unmasking too: whether a role may do
/// these is for `Roles` to say. A list is permitted, and each of its records decided by itself.
///
/// **Creating** is permitted for oneself and for whom one manages; for nobody only in a collection with `public_write`.
///
/// **Updates** are asked about with the owner and the labels before and after, so an update can't give a record
/// away to where the actor couldn't change it.
///
/// **Restrictions** forbid every act on the records they hold, owners' acts included, and also creating such a record, or
/// making one so. Where one may hold, asking for a record that doesn't exist is forbidden as well, so that nobody learns
/// from it which exist.
///
/// Administration, erasing, legal holds and approvals aren't a matter of whose record it is: nothing but a restriction
/// objects to them.
///
/// # Limits
///
/// - Groups hold actors, not groups. What is shared with those below a manager isn't thereby shared with the manager.
/// - A rule can't ask for the owner's role or for the attributes of the owner's session: nobody but the actor has one.
/// - A collection without an index on the owner is looked through as a whole by a list.
/// - A list looks up every owner, attribute value and shared record that it can reach, one after another: for somebody with
///   thousands of reports, or a rule about a group of thousands, thousands of lookups. A rule by label alone, which no index
///   finds, makes it look through the collection.
/// - Mistakes (a circle of managers, a group without members, ...) are told by [`check`](AccessPolicy::check), and a
///   `Sharing` with one denies everything.
///
/// Deciding looks things up by hash and looks through the rules of the request's own collection. Manual shares
/// ([`Facts::share`]) are looked up last: one look for the actor, one for each of their groups and roles.
#[derive(Debug, Clone, Default)]
pub struct Sharing {
    said: Said,
    index: OnceLock<Index>,
}

impl Sharing {
    /// Begins with every record its owner's.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves records of this collection to their owners. So are those of a collection that isn't named.
    #[must_use]
    pub fn private(self, collection: impl Into<String>) -> Self {
        self.default_of(collection.into(), None)
    }

    /// Lets everybody read the records of this collection.
    #[must_use]
    pub fn public_read(self, collection: impl Into<String>) -> Self {
        self.default_of(collection.into(), Some(Level::Read))
    }

    /// Lets everybody read and change the records of this collection.
    #[must_use]
    pub fn public_write(self, collection: impl Into<String>) -> Self {
        self.default_of(collection.into(), Some(Level::Write))
    }

    /// Names somebody's manager, both by their actor ids. What somebody owns is their manager's too, and theirs in turn.
    #[must_use]
    pub fn manager(self, person: impl Into<String>, manager: impl Into<String>) -> Self {
        self.say(|said| {
            said.managers.entry(person.into()).or_default().insert(manager.into());
        })
    }

    /// Lets managers read what their reports own, and nothing more. It holds for creating for them as well.
    #[must_use]
    pub fn managers_read_only(self) -> Self {
        self.say(|said| said.managers_read_only = true)
    }

    /// Lists a group's members, all of them, by their actor ids.
    #[must_use]
    pub fn group<S: Into<String>>(self, name: impl Into<String>, members: impl IntoIterator<Item = S>) -> Self {
        self.say(|said| {
            let name = name.into();
            if said.groups.contains_key(&name) {
                said.faults.push(format!("the group `{name}` is said twice: list all its members in one place"));
            }
            said.groups.entry(name).or_default().extend(members.into_iter().map(Into::into));
        })
    }

    /// Names the attribute of an actor that names a group they are in, beside those that list them: with
    /// `group_attribute("team")`, an actor whose `team` is `north` is a member of `north`. The host's session says so, and
    /// is believed.
    #[must_use]
    pub fn group_attribute(self, name: impl Into<String>) -> Self {
        self.say(|said| {
            let name = name.into();
            match &said.group_attribute {
                Some(known) if *known != name => {
                    let fault = format!("`{known}` and `{name}` are both to name an actor's group: keep one");
                    said.faults.push(fault);
                }
                _ => said.group_attribute = Some(name),
            }
        })
    }

    /// Shares some records with some people. The name is told in the journal and in explanations.
    #[must_use]
    pub fn rule(self, name: impl Into<String>, rule: impl FnOnce(SharingRule) -> SharingRule) -> Self {
        let (name, rule) = (name.into(), rule(SharingRule::default()));
        self.say(|said| {
            said.name(&name);
            said.rules.insert(name, rule);
        })
    }

    /// Takes some records out of everybody's view but for some people's, whatever else permits. The name is told in the
    /// journal and in explanations.
    #[must_use]
    pub fn restrict(self, name: impl Into<String>, restriction: impl FnOnce(Restriction) -> Restriction) -> Self {
        let (name, restriction) = (name.into(), restriction(Restriction::default()));
        self.say(|said| {
            said.name(&name);
            said.restrictions.insert(name, restriction);
        })
    }

    fn default_of(self, collection: String, level: Option<Level>) -> Self {
        self.say(|said| {
            if said.defaults.get(&collection).is_some_and(|known| *known != level) {
                said.faults.push(format!("the collection `{collection}` has two defaults: keep one"));
            }
            said.defaults.insert(collection, level);
        })
    }

    fn say(mut self, what: impl FnOnce(&mut Said)) -> Self {
        what(&mut self.said);
        Self { said: self.said, index: OnceLock::new() }
    }

    fn index(&self) -> &Index {
        self.index.get_or_init(|| Index::new(&self.said))
    }

    fn question<'a>(&'a self, request: &'a Request<'a>, facts: &'a dyn Facts) -> Question<'a> {
        Question::new(self.index(), request, facts)
    }
}

impl AccessPolicy for Sharing {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        Ok(self.question(request, facts).decide())
    }

    fn scope(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Scope, PolicyError> {
        Ok(self.question(request, facts).scope(&self.said))
    }

    /// Returns SHA-256 of the settings in one fixed form: the order in which they were said doesn't count.
    fn version(&self) -> PolicyVersion {
        self.said.version(!self.index().faults.is_empty())
    }

    /// # Errors
    /// Every mistake found, in one text.
    fn check(&self) -> Result<(), PolicyError> {
        let faults = &self.index().faults;
        if faults.is_empty() { Ok(()) } else { Err(PolicyError::new(faults.join("; "))) }
    }

    fn explain(&self, request: &Request<'_>, facts: &dyn Facts) -> Explanation {
        self.question(request, facts).explain(self.decide(request, facts))
    }

    /// Returns the roles that its rules and restrictions name.
    fn roles(&self) -> Vec<String> {
        self.said.roles()
    }
}

//! The records that policies see, their owners, and lists that follow a policy's scope.

mod attributes;
mod lists;
mod owners;
mod transfers;

use crate::model::{Action, Facts, FieldSet, Request};
use crate::policy::{AccessPolicy, Decision, Denial, Permission, PolicyError, PolicyVersion, Scope};
use crate::vault::tests::*;

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
enum Kind {
    Lead,
    Client,
}

#[derive(Serialize, Deserialize, Debug, Clone, PartialEq)]
struct Account {
    name: String,
    region: Option<String>,
    seats: i32,
    active: Option<bool>,
    kind: Option<Kind>,
}

impl Account {
    fn new(name: &str, region: &str) -> Self {
        Self { name: name.into(), region: Some(region.into()), seats: -5, active: Some(true), kind: Some(Kind::Client) }
    }
}

impl Record for Account {
    fn schema() -> Schema {
        Schema::new("accounts")
            .field("region", |f| f.attribute())
            .field("seats", |f| f.attribute())
            .field("active", |f| f.attribute())
            .field("kind", |f| f.attribute())
            .index("region", Normalizer::Text)
            .index("seats", Normalizer::Exact)
            .index("active", Normalizer::Exact)
            .index("name", Normalizer::Text)
            .index_owner()
    }

    fn example() -> Self {
        Self::new("Ann", "north")
    }
}

/// A policy's view of one act.
#[derive(Debug, Clone, PartialEq)]
struct Told {
    action: Action,
    owner: Option<String>,
    attributes: Vec<(String, String)>,
    fields: Vec<String>,
}

type Permits = Box<dyn Fn(&Request<'_>) -> bool + Send>;

/// Permits what its rule does, narrows lists to its scope, and notes what it was told. Administration always.
#[derive(Clone)]
struct Ruled {
    rule: Arc<Mutex<Permits>>,
    scope: Arc<Mutex<Scope>>,
    told: Arc<Mutex<Vec<Told>>>,
}

impl Ruled {
    fn new() -> Self {
        let rule: Permits = Box::new(|_| true);
        Self { rule: Arc::new(Mutex::new(rule)), scope: Arc::new(Mutex::new(Scope::All)), told: Arc::default() }
    }

    fn permit(&self, rule: impl Fn(&Request<'_>) -> bool + Send + 'static) {
        *self.rule.lock().unwrap() = Box::new(rule);
    }

    fn narrow(&self, scope: Scope) {
        *self.scope.lock().unwrap() = scope;
    }

    /// Returns what the policy was told of records since the last call.
    fn told(&self) -> Vec<Told> {
        std::mem::take(&mut *self.told.lock().unwrap())
    }
}

impl AccessPolicy for Ruled {
    fn decide(&self, request: &Request<'_>, _: &dyn Facts) -> Result<Decision, PolicyError> {
        let all = Permission::new("ruled").read(FieldSet::All).write(FieldSet::All);
        if request.action.is_administration() {
            return Ok(all.into());
        }
        if let Some(resource) = request.resource {
            self.told.lock().unwrap().push(Told {
                action: request.action,
                owner: resource.owner.map(str::to_owned),
                attributes: resource.attributes.to_vec(),
                fields: request.fields.iter().map(|field| (*field).to_owned()).collect(),
            });
        }
        let permitted = (self.rule.lock().unwrap())(request);
        Ok(if permitted { all.into() } else { Denial::new("ruled", "no").into() })
    }

    fn scope(&self, _: &Request<'_>, _: &dyn Facts) -> Result<Scope, PolicyError> {
        Ok(self.scope.lock().unwrap().clone())
    }

    fn version(&self) -> PolicyVersion {
        PolicyVersion::of("ruled")
    }
}

fn ruled() -> (World, Ruled, Collection<Account>) {
    let policy = Ruled::new();
    let world = World::with(|options| options.policy(policy.clone()));
    world.acme.session(admin()).unwrap().define::<Account>().unwrap();
    let accounts = world.session(boss()).collection().unwrap();
    (world, policy, accounts)
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn denied<T>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::Denied(denial)) if denial.code == "ruled")
}

fn is(region: &str) -> impl Fn(&Request<'_>) -> bool + Send + 'static {
    let region = region.to_owned();
    move |request| request.resource.is_none_or(|resource| resource.attribute("region") == Some(&region))
}

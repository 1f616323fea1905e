//! Finding names in a policy file that a tenant doesn't have.

use crate::vault::handles::Tenant;

impl Tenant {
    /// Returns the collections and fields in a policy file that this tenant doesn't have: misspelt ones allow and limit
    /// nothing. In a collection with an open schema no field is checked. Show them to whoever changed the file; a name
    /// may also be meant for another tenant, or for later.
    ///
    /// ```
    /// # use strongroom::{Tenant, policy::PolicyFile};
    /// fn warn(tenant: &Tenant, policy: &PolicyFile) {
    ///     for mistake in tenant.check_policy(policy) {
    ///         eprintln!("crm.toml:{mistake}");
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn check_policy(&self, policy: &crate::policy::PolicyFile) -> Vec<crate::policy::Mistake> {
        let layouts: Vec<_> = self.tenant().collections().iter().map(|c| (c.name.clone(), c.layout())).collect();
        let fields = layouts.iter().map(|(_, layout)| match layout.schema.open {
            true => Vec::new(),
            false => layout.fields().collect(),
        });
        let fields: Vec<Vec<&str>> = fields.collect();
        let there: Vec<(&str, &[&str])> =
            layouts.iter().zip(&fields).map(|((name, _), fields)| (name.as_str(), fields.as_slice())).collect();
        policy.check_against(&there)
    }
}

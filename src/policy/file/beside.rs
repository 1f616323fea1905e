//! Emergency access beside what holds on any other day.
//!
//! Guarantees: permits exactly what the emergency permits. Where an emergency wouldn't help, it has nothing to say, so that
//! the actor is told why the rest of the file denies, not that they have no emergency.

use crate::model::{Access, Actor, Facts, Grantee, RecordId, Request, Timestamp};
use crate::policy::access::as_within;
use crate::policy::fault::{Fault, Faulty};
use crate::policy::{AccessPolicy, Decision, Explanation, PolicyError, PolicyVersion, Scope, codes};

pub(super) struct Beside<P>(pub(super) P);

impl<P: AccessPolicy> AccessPolicy for Beside<P> {
    fn decide(&self, request: &Request<'_>, facts: &dyn Facts) -> Result<Decision, PolicyError> {
        Ok(match self.0.decide(request, facts)? {
            Decision::Deny(denial) if !denial.forbids && denial.code == codes::NOT_ALLOWED => {
                Decision::no_objection("break glass")
            }
            Decision::Deny(denial)
                if denial.code == codes::NO_EMERGENCY
                    && !self.0.decide(request, &InAnEmergency(facts))?.is_permit() =>
            {
                Decision::no_objection("break glass")
            }
            decision => decision,
        })
    }

    as_within!(self, self.0);

    fn version(&self) -> PolicyVersion {
        self.0.version()
    }
}

impl<P: Faulty> Faulty for Beside<P> {
    const NAME: &'static str = P::NAME;

    fn faults(&self) -> Vec<Fault> {
        self.0.faults()
    }
}

/// The facts, if the actor had emergency access. Only ever asked which denial says most.
struct InAnEmergency<'a>(&'a dyn Facts);

impl Facts for InAnEmergency<'_> {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    fn share(&self, record: RecordId, with: Grantee<'_>) -> Option<Access> {
        self.0.share(record, with)
    }

    fn shared_with(&self, collection: &str, with: Grantee<'_>) -> Vec<RecordId> {
        self.0.shared_with(collection, with)
    }

    fn approvals(&self, request: &Request<'_>) -> u32 {
        self.0.approvals(request)
    }

    fn emergency(&self, _: &str) -> Option<Timestamp> {
        Some(self.0.now())
    }

    fn rows_in_last_hour(&self, actor: &str) -> u32 {
        self.0.rows_in_last_hour(actor)
    }
}

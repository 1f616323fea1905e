//! Many decisions into one.

use crate::model::{Facts, Request};
use crate::policy::{Decision, Denial, Obligation, Permission, codes, unmet};

/// How permits are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Kind {
    AllOf,
    AnyOf,
    Fallback,
}

impl Kind {
    pub(in crate::policy) const fn name(self) -> &'static str {
        match self {
            Self::AllOf => "all of",
            Self::AnyOf => "any of",
            Self::Fallback => "fallback",
        }
    }
}

/// The sum of what was said so far.
pub(in crate::policy) struct Merge {
    kind: Kind,
    forbids: Option<Denial>,
    /// Permits whose obligations aren't fulfilled: a better answer than that nothing is granted.
    unmet: Option<Denial>,
    not_granted: Option<Denial>,
    permit: Option<Permission>,
    limit: Option<Permission>,
}

impl Merge {
    pub(in crate::policy) const fn new(kind: Kind) -> Self {
        Self { kind, forbids: None, unmet: None, not_granted: None, permit: None, limit: None }
    }

    pub(in crate::policy) fn add(&mut self, decision: Decision, request: &Request<'_>, facts: &dyn Facts) {
        match decision {
            Decision::Deny(denial) if denial.forbids => first(&mut self.forbids, denial),
            Decision::Deny(denial) => first(&mut self.not_granted, denial),
            Decision::Limit(limit) => narrow(&mut self.limit, limit),
            Decision::Permit(permission) => match self.kind {
                Kind::AllOf => narrow(&mut self.permit, permission),
                // An alternative counts only if it could be taken: its obligations must not burden the others.
                Kind::AnyOf | Kind::Fallback => match unmet(&permission, request, facts) {
                    Some(denial) => first(&mut self.unmet, denial),
                    None if self.kind == Kind::AnyOf => widen(&mut self.permit, permission),
                    None => self.permit = self.permit.take().or(Some(permission)),
                },
            },
        }
    }

    pub(in crate::policy) fn finish(self, request: &Request<'_>) -> Decision {
        let Self { kind, forbids, unmet, not_granted, permit, limit } = self;
        if let Some(denial) = forbids {
            return denial.into();
        }
        match (permit, limit, unmet.or(not_granted)) {
            (_, _, Some(denial)) if kind == Kind::AllOf => denial.into(),
            (Some(permission), limit, _) => {
                let mut sum = Some(permission);
                if let Some(limit) = limit {
                    narrow(&mut sum, limit);
                }
                sum.map_or_else(|| nothing(request), Decision::Permit)
            }
            (None, _, Some(denial)) => denial.into(),
            (None, Some(limit), None) => Decision::Limit(limit),
            (None, None, None) => nothing(request),
        }
    }
}

fn nothing(request: &Request<'_>) -> Decision {
    Denial::not_granted(codes::NOTHING_PERMITS, format!("{}: nothing permits it", request.action)).into()
}

/// Of several reasons to deny the same one is given whatever their order.
fn first(so_far: &mut Option<Denial>, denial: Denial) {
    match so_far {
        Some(known) if (&known.code, &known.rule) <= (&denial.code, &denial.rule) => {}
        _ => *so_far = Some(denial),
    }
}

/// What both allow, with what both oblige to.
fn narrow(so_far: &mut Option<Permission>, next: Permission) {
    let Some(sum) = so_far else {
        *so_far = Some(next);
        return;
    };
    sum.read = sum.read.intersection(&next.read);
    sum.write = sum.write.intersection(&next.write);
    for obligation in next.obligations {
        if !sum.obligations.contains(&obligation) {
            sum.obligations.push(obligation);
        }
    }
}

/// What either allows. Both have fulfilled obligations, so all of these stay; of row limits the wider one holds, or taking
/// a grant away could show more rows.
fn widen(so_far: &mut Option<Permission>, next: Permission) {
    let Some(sum) = so_far else {
        *so_far = Some(next);
        return;
    };
    sum.read = sum.read.union(&next.read);
    sum.write = sum.write.union(&next.write);
    let limit = match (rows(&sum.obligations), rows(&next.obligations)) {
        (Some(a), Some(b)) => Some((a.0.max(b.0), a.1.zip(b.1).map(|(a, b)| a.max(b)))),
        _ => None,
    };
    sum.obligations.retain(|obligation| !matches!(obligation, Obligation::RowLimit { .. }));
    for obligation in next.obligations {
        if !matches!(obligation, Obligation::RowLimit { .. }) && !sum.obligations.contains(&obligation) {
            sum.obligations.push(obligation);
        }
    }
    sum.obligations.extend(limit.map(|(per_act, per_hour)| Obligation::RowLimit { per_act, per_hour }));
}

/// The narrowest of some row limits.
fn rows(obligations: &[Obligation]) -> Option<(u32, Option<u32>)> {
    let limits = obligations.iter().filter_map(|obligation| match obligation {
        Obligation::RowLimit { per_act, per_hour } => Some((*per_act, *per_hour)),
        _ => None,
    });
    limits.reduce(|a, b| (a.0.min(b.0), [a.1, b.1].into_iter().flatten().min()))
}

//! Many decisions into one.

use crate::model::{Facts, Request};
use crate::policy::{Decision, Denial, Obligation, Permission, codes, unmet};

/// The way in which permits are put together.
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

impl Kind {
    /// Ranks the reasons why nothing is granted: where all must permit, the one farthest from a permit comes first; where
    /// any may, the nearest.
    fn rank(self, code: &str) -> u8 {
        let far = match code {
            codes::NO_ROLE => 0,
            codes::NOT_ALLOWED => 1,
            _ => 2,
        };
        if self == Self::AllOf { far } else { 2 - far }
    }
}

/// The sum of the decisions so far.
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
            Decision::Deny(denial) if denial.forbids => first(&mut self.forbids, denial, |_| 0),
            Decision::Deny(denial) => first(&mut self.not_granted, denial, |code| self.kind.rank(code)),
            Decision::Limit(limit) => narrow(&mut self.limit, limit),
            Decision::Permit(permission) => match self.kind {
                Kind::AllOf => narrow(&mut self.permit, permission),
                // An alternative counts only if it could be taken: its obligations must not burden the others.
                Kind::AnyOf | Kind::Fallback => match unmet(&permission, request, facts) {
                    Some(denial) => first(&mut self.unmet, denial, |_| 0),
                    None if self.kind == Kind::AnyOf => widen(&mut self.permit, permission),
                    None => self.permit = self.permit.take().or(Some(permission)),
                },
            },
        }
    }

    pub(in crate::policy) fn finish(self, request: &Request<'_>) -> Decision {
        let Self { kind, forbids, unmet, not_granted, permit, limit } = self;
        if let Some(denial) = forbids {
            // Who lacks the right anyway is told so, not what would be wanted besides.
            let hopeless = kind == Kind::AllOf || (permit.is_none() && unmet.is_none());
            let lack = not_granted.filter(|lack| hopeless && is_of_circumstances(&denial.code) && is_far(&lack.code));
            return lack.map_or(denial, |lack| Denial { forbids: true, ..lack }).into();
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

/// Tells whether a denial says that nothing would grant the act, on whatever record and in whatever circumstances.
fn is_far(code: &str) -> bool {
    [codes::NO_ROLE, codes::NOT_ALLOWED].contains(&code)
}

/// Tells whether a denial is about something besides the right itself: for what, when, or up to which level.
fn is_of_circumstances(code: &str) -> bool {
    [codes::PURPOSE, codes::OUTSIDE_HOURS, codes::READ_UP, codes::WRITE_DOWN].contains(&code)
}

/// Gives the same reason of several to deny whatever their order: the one of the lowest rank.
fn first(so_far: &mut Option<Denial>, denial: Denial, rank: impl Fn(&str) -> u8) {
    let place = |denial: &Denial| (rank(&denial.code), denial.code.clone(), denial.rule.clone());
    match so_far {
        Some(known) if place(known) <= place(&denial) => {}
        _ => *so_far = Some(denial),
    }
}

/// Keeps what both allow, with what both oblige to.
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

/// Adds what the next one allows. Both have fulfilled obligations, so all of these stay; of limits the wider one holds, or taking a
/// grant away could show more.
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
    let unique = match (tries(&sum.obligations), tries(&next.obligations)) {
        (None, None) => None,
        (a, b) => {
            Some(a.unwrap_or(Obligation::DEFAULT_UNIQUE_TRIES).max(b.unwrap_or(Obligation::DEFAULT_UNIQUE_TRIES)))
        }
    };
    let is_limit =
        |obligation: &Obligation| matches!(obligation, Obligation::RowLimit { .. } | Obligation::UniqueTries(_));
    sum.obligations.retain(|obligation| !is_limit(obligation));
    for obligation in next.obligations {
        if !is_limit(&obligation) && !sum.obligations.contains(&obligation) {
            sum.obligations.push(obligation);
        }
    }
    sum.obligations.extend(limit.map(|(per_act, per_hour)| Obligation::RowLimit { per_act, per_hour }));
    sum.obligations.extend(unique.map(Obligation::UniqueTries));
}

/// Returns the lowest of some limits to unique values.
fn tries(obligations: &[Obligation]) -> Option<u32> {
    let each = obligations.iter().filter_map(|obligation| match obligation {
        Obligation::UniqueTries(tries) => Some(*tries),
        _ => None,
    });
    each.min()
}

/// Returns the narrowest of some row limits.
fn rows(obligations: &[Obligation]) -> Option<(u32, Option<u32>)> {
    let limits = obligations.iter().filter_map(|obligation| match obligation {
        Obligation::RowLimit { per_act, per_hour } => Some((*per_act, *per_hour)),
        _ => None,
    });
    limits.reduce(|a, b| (a.0.min(b.0), [a.1, b.1].into_iter().flatten().min()))
}

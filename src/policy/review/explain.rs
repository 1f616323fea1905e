//! Explanations: the policy's own, and what the guard adds to it.

use super::course::Seen;
use super::questions::{Questions, about};
use super::told::Told;
use super::words;
use crate::model::{Action, Actor, Request, Resource};
use crate::policy::{Decision, Denial, Explanation, Filter, Looked, Permission, Scope, unmet};

pub(super) fn explain(
    questions: &Questions<'_>,
    actor: &Actor,
    action: Action,
    collection: Option<&str>,
    record: Option<&Resource<'_>>,
    fields: &[&str],
) -> Explanation {
    let facts = questions.told(false);
    let record = about(actor, action, record);
    let request = questions.request(actor, action, collection, record.as_ref(), fields);
    let (mut parts, mut looked) = (Vec::new(), Vec::new());
    let answer = questions.course(request, &facts).run(&mut |seen| match seen {
        Seen::Asked(request, answer) => {
            let part = part(questions, request, &facts);
            if let Ok(Decision::Permit(permission)) = &part.decision {
                looked.extend(obligations(permission, request, &facts));
            }
            if let Err(denial) = answer
                && !said(&part, denial)
                && !told(&looked, denial)
            {
                looked.push(refused(denial));
            }
            parts.push(part);
        }
        Seen::Scope(Ok(scope)) => looked.push(Looked::new("scope", true, rows(scope))),
        Seen::Scope(Err(denial)) => looked.push(refused(denial)),
        Seen::Refused(denial) => {
            if !told(&looked, denial) && !parts.iter().any(|part| said(part, denial)) {
                looked.push(refused(denial));
            }
        }
    });
    let denied = answer.is_err();
    let missing = parts.iter().find_map(|part| part.missing.clone()).filter(|_| denied);
    let decision = answer.map_or_else(Decision::Deny, Decision::Permit);
    let mut explanation = Explanation::of("guard", Ok(decision)).looked_at(looked).parts(parts);
    explanation.missing = missing;
    explanation
}

/// Returns the policy's own words; a denial if it has none in time.
fn part(questions: &Questions<'_>, request: &Request<'_>, facts: &Told<'_>) -> Explanation {
    let answer = questions.guard.ask(|| Ok(questions.policy.explain(request, facts)));
    answer.unwrap_or_else(|denial| Explanation::of("policy", Ok(Decision::Deny(denial))))
}

fn said(part: &Explanation, denial: &Denial) -> bool {
    matches!(&part.decision, Ok(Decision::Deny(said)) if said == denial)
}

fn told(looked: &[Looked], denial: &Denial) -> bool {
    looked.iter().any(|looked| looked.why.contains(&denial.for_admin))
}

/// Returns what the guard refuses for a reason of its own.
fn refused(denial: &Denial) -> Looked {
    Looked::new("guard", true, format!("{} ({})", denial.for_admin, denial.code))
}

fn obligations(permission: &Permission, request: &Request<'_>, facts: &Told<'_>) -> Vec<Looked> {
    let each = permission.obligations.iter().map(|obligation| {
        let alone = Permission { obligations: vec![obligation.clone()], ..permission.clone() };
        let why = match unmet(&alone, request, facts) {
            None => "fulfilled".to_owned(),
            Some(denial) => format!("not fulfilled: {} ({})", denial.for_admin, denial.code),
        };
        Looked::new(format!("obligation: {}", words::obligation(obligation)), true, why)
    });
    each.collect()
}

fn rows(scope: &Scope) -> String {
    match scope {
        Scope::All => "every row is looked at".to_owned(),
        Scope::Nothing | Scope::NoOpinion => "no row is looked at".to_owned(),
        Scope::Any(filters) => {
            let each = filters.iter().map(|filter| match filter {
                Filter::Owner(owner) => format!("those of `{owner}`"),
                Filter::Attribute { field, .. } => format!("those with one value of `{field}`"),
                Filter::Record(id) => format!("record {id}"),
            });
            format!("these rows are looked at: {}", each.collect::<Vec<_>>().join(", "))
        }
    }
}

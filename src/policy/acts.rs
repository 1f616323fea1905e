//! A set of acts, as a word of bits.

use crate::model::Action;

/// Some acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Acts(u64);

impl Acts {
    pub(super) const fn none() -> Self {
        Self(0)
    }

    pub(super) const fn contains(self, action: Action) -> bool {
        self.0 & Self::bit(action) != 0
    }

    pub(super) const fn insert(&mut self, action: Action) {
        self.0 |= Self::bit(action);
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Returns those in either.
    pub(super) const fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns them in the order of [`Action::ALL`].
    pub(super) fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.iter().copied().filter(move |action| self.contains(*action))
    }

    /// Returns their names, in the order of the alphabet: a form that doesn't change when there are more acts.
    pub(super) fn names(self) -> Vec<&'static str> {
        let mut names: Vec<&'static str> = self.iter().map(Action::name).collect();
        names.sort_unstable();
        names
    }

    /// Returns the bit of an act. There are fewer acts than bits: a test says so.
    const fn bit(action: Action) -> u64 {
        1u64.wrapping_shl(action as u32)
    }
}

impl FromIterator<Action> for Acts {
    fn from_iter<I: IntoIterator<Item = Action>>(acts: I) -> Self {
        let mut set = Self::none();
        acts.into_iter().for_each(|action| set.insert(action));
        set
    }
}

#[cfg(test)]
mod tests;

//! The rules, one to a file: what each looks for, its thresholds, and how to change them.

mod break_glass;
mod denials;
mod dormant;
mod honeypot;
mod key_acts;
mod mass_change;
mod mass_export;
mod mass_read;
mod new_device;
mod off_hours;
mod privilege_use;
mod trouble;

pub use break_glass::BreakGlassUse;
pub use denials::RepeatedDenials;
pub use dormant::DormantActor;
pub use honeypot::Honeypot;
pub use key_acts::KeyActs;
pub use mass_change::MassChange;
pub use mass_export::MassExport;
pub use mass_read::MassRead;
pub use new_device::NewDevice;
pub use off_hours::OffHours;
pub use privilege_use::PrivilegeUse;
pub use trouble::JournalTrouble;
pub(super) use trouble::OPENED;

/// Makes a rule one that [`Rules::with`](super::Rules::with) takes.
macro_rules! rule {
    ($name:ident) => {
        impl From<$name> for $crate::monitor::AnyRule {
            fn from(rule: $name) -> Self {
                Self($crate::monitor::any_rule::Kept::Detector(Box::new(rule)))
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }
    };
}
pub(super) use rule;

//! The monitor, tried: rule by rule, in whole firms over weeks, and in a vault.

mod firms;
mod properties;
mod rules;
mod sim;
mod time;
mod trouble;
mod values;
mod whole;

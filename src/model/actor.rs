//! The actor. The host says who it is; the library believes that and writes it down.

use std::collections::BTreeMap;

use super::Timestamp;

/// Somebody who acts: an id, roles, attributes, and how they proved who they are.
///
/// Logging people in is the host's work. An actor without roles is refused everything by [`Roles`](crate::policy::Roles).
///
/// ```
/// use strongroom::Actor;
/// let actor = Actor::new("sales-7").with_role("sales").with_attribute("team", "north").with_device("laptop-12");
/// assert_eq!(actor.id(), "sales-7");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    id: String,
    roles: Vec<String>,
    attributes: BTreeMap<String, String>,
    authentication: Option<Authentication>,
    device: Option<String>,
    session: Option<String>,
    channel: Option<String>,
}

/// The strength and the time of an actor's log-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Authentication {
    /// The strength: higher is stronger, and the host chooses the scale (1 password, 2 two factors, ...).
    pub strength: u8,
    /// The time of the log-in.
    pub at: Timestamp,
}

impl Actor {
    /// Returns an actor with this id and nothing else.
    #[must_use]
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            roles: Vec::new(),
            attributes: BTreeMap::new(),
            authentication: None,
            device: None,
            session: None,
            channel: None,
        }
    }

    /// Adds a role.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Sets an attribute, for policies that ask for it.
    #[must_use]
    pub fn with_attribute(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.attributes.insert(name.into(), value.into());
        self
    }

    /// Says how strongly, and when, the actor was authenticated: what [`StepUp`](crate::policy::StepUp) asks for. After
    /// a stronger log-in, make the actor and their session anew.
    ///
    /// ```
    /// use strongroom::Actor;
    /// use strongroom::model::{Clock, SystemClock};
    ///
    /// let boss = Actor::new("boss-1").with_role("sales_manager").with_authentication(2, SystemClock.now());
    /// # assert!(boss.authentication().is_some());
    /// ```
    #[must_use]
    pub fn with_authentication(mut self, strength: u8, at: Timestamp) -> Self {
        self.authentication = Some(Authentication { strength, at });
        self
    }

    /// Names the device.
    #[must_use]
    pub fn with_device(mut self, device: impl Into<String>) -> Self {
        self.device = Some(device.into());
        self
    }

    /// Names the host's own session, to tell one log-in from another.
    #[must_use]
    pub fn with_session(mut self, session: impl Into<String>) -> Self {
        self.session = Some(session.into());
        self
    }

    /// Names the channel that the actor came by, such as `web`, `app` or `call centre`.
    #[must_use]
    pub fn with_channel(mut self, channel: impl Into<String>) -> Self {
        self.channel = Some(channel.into());
        self
    }

    /// Returns the actor's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Returns the actor's roles, in the order they were added.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// Returns one attribute.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// Returns the actor's log-in, if the host told of one.
    #[must_use]
    pub fn authentication(&self) -> Option<Authentication> {
        self.authentication
    }

    /// Returns the device, if the host named one.
    #[must_use]
    pub fn device(&self) -> Option<&str> {
        self.device.as_deref()
    }

    /// Returns the host's session, if it named one.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        self.session.as_deref()
    }

    /// Returns the channel, if the host named one.
    #[must_use]
    pub fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// Tells whether the actor has this role.
    #[must_use]
    pub fn has_role(&self, role: &str) -> bool {
        self.roles.iter().any(|known| known == role)
    }

    /// Returns all attributes, by name.
    pub fn attributes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

//! What every function shares.

use std::{ops::Deref, sync::Arc};

use q2o_domain::ports::Clock;
use q2o_durable::Engine;
use secrecy::SecretString;

use crate::{connect::Connect, store::Store, sync::facts::FactsCache};

/// Everything a handler can reach.
#[derive(Clone)]
pub struct App {
    pub engine: Arc<Engine>,
    tools: Arc<Tools>,
}

/// Everything an activity can reach: all but the engine that runs it.
pub struct Tools {
    pub store: Store,
    pub connect: Connect,
    pub clock: Arc<dyn Clock>,
    pub settings: Settings,
    pub facts: FactsCache,
}

/// The settings that functions themselves look at.
#[derive(Debug)]
pub struct Settings {
    /// The port we are called at.
    pub port: u16,
    /// Signs and checks session tokens.
    pub session_secret: SecretString,
    /// The token that QuickBooks signs notices of changes with.
    pub qbo_webhook_verifier: Option<SecretString>,
    /// A reference to a record that is not there is an error at once.
    pub strict: bool,
}

impl App {
    pub fn new(engine: Arc<Engine>, tools: Arc<Tools>) -> Self {
        Self { engine, tools }
    }
}

impl Deref for App {
    type Target = Tools;

    fn deref(&self) -> &Tools {
        &self.tools
    }
}

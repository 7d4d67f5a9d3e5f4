#![doc = include_str!("../README.md")]

pub mod assessment;
mod draft;
mod entity;
mod facts;
mod failure;
mod ids;
mod kind;
pub mod ledger;
pub mod mapping;
mod money;
mod plan;
pub mod ports;
pub mod records;

pub use draft::{Allocation, Draft, Field, Fields, Made, Mapped, Order, Ref};
pub use entity::{AnyEntity, App, Entity, MapError, Record, Sums, Write, record_id, waves};
pub use facts::{AccountFacts, Books, Facts, ItemFacts};
pub use failure::{Failure, Remedy, Result};
pub use ids::{Currency, JobId, LinkId, OdooId, QboId, RealmId, TenantId};
pub use kind::Kind;
pub use ledger::{Net, Partner, Posting, Txn};
pub use money::Money;
pub use plan::Tier;

//! The plans and the years of history each includes.

use jiff::{ToSpan, civil::Date};
use serde::{Deserialize, Serialize};

use crate::{Failure, Remedy, Result};

/// What a tenant has bought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    Freebie,
    Starter,
    Half,
    Full,
}

impl Tier {
    /// From the smallest to the largest.
    pub const ALL: [Self; 4] = [Self::Freebie, Self::Starter, Self::Half, Self::Full];

    /// Years of history included.
    pub const fn years(self) -> i16 {
        match self {
            Self::Freebie => 2,
            Self::Starter => 3,
            Self::Half => 5,
            Self::Full => 10,
        }
    }

    /// The earliest day this plan reaches back to, seen from `today`.
    pub fn reaches(self, today: Date) -> Date {
        today.saturating_sub(self.years().years())
    }

    /// The smallest plan that reaches back to `first`, if one does.
    pub fn covering(first: Date, today: Date) -> Option<Self> {
        Self::ALL.into_iter().find(|tier| tier.reaches(today) <= first)
    }

    /// The day to start from: the one asked for, if the plan reaches that far.
    ///
    /// # Errors
    /// [`Remedy::Upgrade`] when the plan does not.
    pub fn cut(self, asked: Option<Date>, today: Date) -> Result<Date> {
        let earliest = self.reaches(today);
        match asked {
            Some(day) if day < earliest => Err(Failure::needs(
                Remedy::Upgrade,
                format!(
                    "The {self:?} plan reaches back {} years, to {earliest}; {day} is earlier.",
                    self.years()
                ),
            )),
            Some(day) => Ok(day),
            None => Ok(earliest),
        }
    }
}

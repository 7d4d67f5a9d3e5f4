//! Intuit's sign-in: codes, access tokens of an hour, refresh tokens that rotate daily.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

const ACCESS_SECONDS: i64 = 3600;
const REFRESH_DAYS: i64 = 100;
const HARD_DAYS: i64 = 5 * 365;
const CODE_MINUTES: i64 = 10;

/// What the sign-in server remembers; can be saved and given back after a restart.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct OAuth {
    codes: Vec<Code>,
    access: Vec<Access>,
    refresh: Vec<Refresh>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Code {
    value: String,
    redirect_uri: String,
    dies: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Access {
    value: String,
    dies: Timestamp,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Refresh {
    value: String,
    /// When this value was first given out.
    issued: Timestamp,
    /// When it dies unless it is used; slides with every use.
    dies: Timestamp,
    /// When the person's consent ends for good.
    hard: Timestamp,
    /// Whether a newer value has taken over.
    replaced: bool,
}

/// A pair of tokens as they are given to an application.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenPair {
    pub access: String,
    pub refresh: String,
    /// Until the consent ends for good.
    pub hard_seconds: i64,
}

impl TokenPair {
    /// The token endpoint's answer.
    pub fn answer(&self, with_hard_expiry: bool) -> Value {
        let mut body = json!({
            "token_type": "bearer",
            "access_token": self.access,
            "expires_in": ACCESS_SECONDS,
            "refresh_token": self.refresh,
            "x_refresh_token_expires_in": REFRESH_DAYS * 86_400 + 86_400,
        });
        if with_hard_expiry {
            body["x_refresh_token_hard_expires_in"] = self.hard_seconds.into();
        }
        body
    }
}

/// The token is unknown, used up, or dead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InvalidGrant;

impl OAuth {
    /// The person has agreed: a code, good once and for ten minutes.
    pub fn authorize(&mut self, redirect_uri: &str, now: Timestamp) -> String {
        let value = format!("AB1{}", Uuid::new_v4().simple());
        let dies = now + SignedDuration::from_mins(CODE_MINUTES);
        let redirect_uri = redirect_uri.to_owned();
        self.codes.push(Code { value: value.clone(), redirect_uri, dies });
        value
    }

    /// Exchanges a code; it must come with the address it was sent to.
    pub fn redeem(
        &mut self,
        code: &str,
        redirect_uri: &str,
        now: Timestamp,
    ) -> Result<TokenPair, InvalidGrant> {
        let place = self.codes.iter().position(|known| known.value == code).ok_or(InvalidGrant)?;
        let code = self.codes.remove(place);
        if code.dies < now || code.redirect_uri != redirect_uri {
            return Err(InvalidGrant);
        }
        Ok(self.issue(now))
    }

    /// A first pair of tokens, as after a person's consent.
    pub fn issue(&mut self, now: Timestamp) -> TokenPair {
        let hard = now + SignedDuration::from_hours(HARD_DAYS * 24);
        let refresh = self.new_refresh(now, hard);
        self.pair(refresh, hard, now)
    }

    /// Exchanges a refresh token. A value that has been out for `rotate_every`
    /// is replaced and lives 24 h more; otherwise the same value comes back.
    pub fn refresh(
        &mut self,
        value: &str,
        rotate_every: SignedDuration,
        now: Timestamp,
    ) -> Result<TokenPair, InvalidGrant> {
        self.refresh.retain(|token| token.dies > now && token.hard > now);
        let place =
            self.refresh.iter().position(|token| token.value == value).ok_or(InvalidGrant)?;
        let hard = self.refresh[place].hard;
        if self.refresh[place].replaced {
            let newest =
                self.refresh.iter().rev().find(|token| !token.replaced && token.hard == hard);
            let newest = newest.ok_or(InvalidGrant)?.value.clone();
            return Ok(self.pair(newest, hard, now));
        }
        if now.duration_since(self.refresh[place].issued) < rotate_every {
            self.refresh[place].dies = now + SignedDuration::from_hours(REFRESH_DAYS * 24);
            return Ok(self.pair(value.to_owned(), hard, now));
        }
        self.refresh[place].replaced = true;
        self.refresh[place].dies = now + SignedDuration::from_hours(24);
        let fresh = self.new_refresh(now, hard);
        Ok(self.pair(fresh, hard, now))
    }

    fn new_refresh(&mut self, now: Timestamp, hard: Timestamp) -> String {
        let value = format!("RT1-{}-H0-{}", fastrand::u16(..), Uuid::new_v4().simple());
        let dies = now + SignedDuration::from_hours(REFRESH_DAYS * 24);
        self.refresh.push(Refresh {
            value: value.clone(),
            issued: now,
            dies,
            hard,
            replaced: false,
        });
        value
    }

    fn pair(&mut self, refresh: String, hard: Timestamp, now: Timestamp) -> TokenPair {
        self.access.retain(|token| token.dies > now);
        let access = format!("eyJ{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
        let dies = now + SignedDuration::from_secs(ACCESS_SECONDS);
        self.access.push(Access { value: access.clone(), dies });
        TokenPair { access, refresh, hard_seconds: hard.duration_since(now).as_secs() }
    }

    /// Whether an access token may read now.
    pub fn admits(&self, access: &str, now: Timestamp) -> bool {
        self.access.iter().any(|token| token.value == access && token.dies > now)
    }

    /// Ends the connection either token belongs to; `false` if the token is unknown.
    pub fn revoke(&mut self, token: &str) -> bool {
        let known = self.refresh.iter().any(|known| known.value == token)
            || self.access.iter().any(|known| known.value == token);
        if known {
            self.forget_all();
        }
        known
    }

    /// The person has disconnected the application.
    pub fn forget_all(&mut self) {
        *self = Self::default();
    }

    /// Access tokens die early; refresh tokens live on.
    pub fn expire_access(&mut self) {
        self.access.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refresh_token_rotates_after_a_day_and_the_old_one_lives_a_day_more() {
        let day = SignedDuration::from_hours(24);
        let mut now = Timestamp::UNIX_EPOCH;
        let mut oauth = OAuth::default();
        let first = oauth.issue(now);
        let again = oauth.refresh(&first.refresh, day, now).unwrap();
        assert_eq!(again.refresh, first.refresh);
        assert!(oauth.admits(&again.access, now));
        now += SignedDuration::from_hours(25);
        assert!(!oauth.admits(&again.access, now));
        let rotated = oauth.refresh(&first.refresh, day, now).unwrap();
        assert_ne!(rotated.refresh, first.refresh);
        now += SignedDuration::from_hours(23);
        let late = oauth.refresh(&first.refresh, day, now).unwrap();
        assert_eq!(late.refresh, rotated.refresh);
        now += SignedDuration::from_hours(2);
        assert_eq!(oauth.refresh(&first.refresh, day, now), Err(InvalidGrant));
        assert!(oauth.refresh(&rotated.refresh, day, now).is_ok());
        assert!(oauth.revoke(&rotated.refresh));
        assert_eq!(oauth.refresh(&rotated.refresh, day, now), Err(InvalidGrant));
    }

    #[test]
    fn a_code_is_good_once_and_only_for_its_address() {
        let now = Timestamp::UNIX_EPOCH;
        let mut oauth = OAuth::default();
        let code = oauth.authorize("https://app/callback", now);
        assert!(oauth.redeem(&code, "https://app/callback", now).is_ok());
        assert_eq!(oauth.redeem(&code, "https://app/callback", now), Err(InvalidGrant));
        let code = oauth.authorize("https://app/callback", now);
        assert_eq!(oauth.redeem(&code, "https://elsewhere", now), Err(InvalidGrant));
    }
}

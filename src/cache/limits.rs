//! Rate limits that all processes share: one bucket for each subject and budget, kept in Redis.

use std::time::Duration;

use crate::model::limit::{Budget, Quota, Subject};

use super::{Cache, CacheError};

/// The arithmetic of `model::limit::Bucket`, done inside Redis by its own clock; see docs/decisions/0011 for why it
/// holds when permits are used later than they were taken.
const TAKE: &str = include_str!("take_permits.lua");

/// What a process asks for.
#[derive(Clone, Copy, Debug)]
pub struct Wish {
    pub budget: Budget,
    pub subject: Subject,
    pub quota: Quota,
    /// How many permits it could use; one is used at once.
    pub permits: u32,
    /// How far its own count is ahead: what Redis missed or lost, it learns anew.
    pub ahead: Duration,
}

/// What Redis gave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// None, one for now, or as many as were asked for.
    pub permits: u32,
    /// How long after the question the permits may still be used.
    pub life: Duration,
    /// How far the shared bucket is ahead now.
    pub ahead: Duration,
}

impl Cache {
    /// Takes permits out of the bucket that all processes share.
    pub async fn take_permits(&self, wish: &Wish) -> Result<Grant, CacheError> {
        let Wish { budget, subject, quota, permits, ahead } = wish;
        let mut take = redis::cmd("EVAL");
        take.arg(TAKE)
            .arg(1)
            .arg(format!("meetbox:limit:{}:{subject}", budget.name()))
            .arg(micros(quota.interval()))
            .arg(quota.limit())
            .arg(permits)
            .arg(micros(*ahead));
        let (permits, life, ahead) = self.ask(&take).await?;
        Ok(Grant { permits, life: Duration::from_micros(life), ahead: Duration::from_micros(ahead) })
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

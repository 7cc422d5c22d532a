//! Rate limits: how much of what somebody may ask for, and the arithmetic that holds them to it.

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    time::Duration,
};

use uuid::Uuid;

/// What requests are counted together, by what they cost and what they are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Budget {
    /// Tries to sign in or to set up: what somebody who guesses secrets needs many of.
    SignIn,
    /// Ways into meetings.
    Tokens,
    /// Every other change.
    Writes,
    /// Every other look.
    Reads,
}

/// Who is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Subject {
    Account(Uuid),
    Key(Uuid),
    /// An address that [`Subject::at`] made.
    Address(IpAddr),
}

/// A number of requests a minute. Who was quiet may use them all at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota(NonZeroU32);

/// How much somebody has used of a quota: the generic cell rate algorithm.
///
/// It holds one time, up to which everything that was let through is paid for at the quota's pace. Each permit moves
/// it on by one [`Quota::interval`], and it may be ahead of now by [`Quota::whole`] at most.
///
/// Times are counted from any moment that is the same for every question.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bucket {
    paid_until: Duration,
}

/// Whether a request is let through, and what its sender should know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decision {
    pub allowed: bool,
    /// How many may come at once, and in a minute.
    pub limit: u32,
    /// How many more may come at once now.
    pub remaining: u32,
    /// Until the whole quota is there again.
    pub reset_after: Duration,
    /// Until one that was refused may come again; zero when it was let through.
    pub retry_after: Duration,
}

impl Budget {
    /// Its name, as it stands in keys.
    pub fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Tokens => "tokens",
            Self::Writes => "writes",
            Self::Reads => "reads",
        }
    }
}

impl Subject {
    /// Whoever asks from this address. Of IPv6 it is the /64 network: that is what one customer gets, and may take
    /// each of its addresses from.
    pub fn at(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = address.to_bits() & !u128::from(u64::MAX);
                IpAddr::V6(Ipv6Addr::from_bits(network))
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Key(id) => write!(f, "key:{id}"),
            Self::Address(address) => write!(f, "address:{address}"),
        }
    }
}

impl Quota {
    pub fn a_minute(requests: NonZeroU32) -> Self {
        Self(requests)
    }

    /// How many may come at once, and in a minute.
    pub fn limit(self) -> u32 {
        self.0.get()
    }

    /// How long it takes until one more may come. Rounded up to a microsecond, which is what Redis counts in: so the
    /// pace is never above the quota.
    pub fn interval(self) -> Duration {
        const MINUTE: u32 = 60_000_000;
        Duration::from_micros(MINUTE.div_ceil(self.limit()).into())
    }

    /// How long it takes until all are there again: a minute.
    pub fn whole(self) -> Duration {
        self.interval() * self.limit()
    }
}

impl Bucket {
    /// A bucket that is paid for until then.
    pub fn paid_until(moment: Duration) -> Self {
        Self { paid_until: moment }
    }

    /// How far it is ahead of now: nothing for somebody who was quiet.
    pub fn ahead(&self, now: Duration) -> Duration {
        self.paid_until.saturating_sub(now)
    }

    /// Lets one through, if there is one left.
    pub fn take(&mut self, quota: Quota, now: Duration) -> Decision {
        let before = self.decision(quota, now);
        if before.allowed {
            self.paid_until = self.paid_until.max(now) + quota.interval();
            Decision { allowed: true, retry_after: Duration::ZERO, ..self.decision(quota, now) }
        } else {
            before
        }
    }

    /// What would be said to the next one.
    pub fn decision(&self, quota: Quota, now: Duration) -> Decision {
        let ahead = self.ahead(now);
        let room = quota.whole().saturating_sub(ahead);
        let remaining = u32::try_from(room.as_nanos() / quota.interval().as_nanos()).unwrap_or(u32::MAX);
        Decision {
            allowed: remaining > 0,
            limit: quota.limit(),
            remaining,
            reset_after: ahead,
            retry_after: (ahead + quota.interval()).saturating_sub(quota.whole()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quota(limit: u32) -> Quota {
        Quota::a_minute(NonZeroU32::new(limit).unwrap())
    }

    fn limits() -> impl Strategy<Value = u32> {
        prop_oneof![1_u32..10, 1_u32..2000, 1_u32..=10_000_000]
    }

    /// Pauses between requests, from none to longer than the whole quota takes.
    fn pauses(limit: u32) -> impl Strategy<Value = Vec<Duration>> {
        let whole = u64::try_from(quota(limit).whole().as_nanos()).unwrap();
        let interval = u64::try_from(quota(limit).interval().as_nanos()).unwrap();
        let pause = prop_oneof![4 => Just(0), 3 => 0..=2 * interval, 1 => 0..=whole + whole / 10];
        prop::collection::vec(pause.prop_map(Duration::from_nanos), 1..400)
    }

    /// The moments at which requests were let through.
    fn admitted(limit: u32, pauses: &[Duration]) -> Vec<Duration> {
        let mut bucket = Bucket::default();
        let mut now = Duration::from_secs(1000);
        let mut moments = Vec::new();
        for pause in pauses {
            now += *pause;
            if bucket.take(quota(limit), now).allowed {
                moments.push(now);
            }
        }
        moments
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn no_window_sees_more_than_the_quota_and_what_the_window_brings(
            (limit, pauses) in limits().prop_flat_map(|limit| (Just(limit), pauses(limit))),
        ) {
            let moments = admitted(limit, &pauses);
            for (first, from) in moments.iter().enumerate() {
                for (last, to) in moments.iter().enumerate().skip(first) {
                    let window = (*to - *from).as_nanos();
                    let most = u128::from(limit) + u128::from(limit) * window / 60_000_000_000;
                    let seen = (last - first + 1) as u128;
                    prop_assert!(seen <= most, "{seen} in {window} ns, {most} may");
                }
            }
        }

        #[test]
        fn what_is_said_is_true(
            (limit, pauses) in limits().prop_flat_map(|limit| (Just(limit), pauses(limit))),
        ) {
            let quota = quota(limit);
            let mut bucket = Bucket::default();
            let mut now = Duration::from_secs(1000);
            for pause in pauses {
                now += pause;
                let said = bucket.take(quota, now);
                prop_assert!(said.limit == limit && said.remaining <= limit);
                prop_assert!(said.allowed || said.remaining == 0);
                prop_assert_eq!(bucket.decision(quota, now).remaining, said.remaining);
                prop_assert_eq!(bucket.decision(quota, now + said.reset_after).remaining, limit);
                // Not a moment earlier, and not a moment later.
                let wait = bucket.decision(quota, now).retry_after;
                prop_assert_eq!(said.retry_after, if said.allowed { Duration::ZERO } else { wait });
                prop_assert!(bucket.decision(quota, now + wait).allowed);
                if let Some(early) = wait.checked_sub(Duration::from_nanos(1)) {
                    prop_assert!(!bucket.decision(quota, now + early).allowed);
                }
            }
        }

        #[test]
        fn who_was_quiet_has_the_whole_quota_at_once(limit in 1_u32..5000) {
            let now = Duration::from_secs(5);
            let mut bucket = Bucket::default();
            for taken in 1..=limit {
                let said = bucket.take(quota(limit), now);
                prop_assert!(said.allowed);
                prop_assert_eq!(said.remaining, limit - taken);
            }
            prop_assert!(!bucket.take(quota(limit), now).allowed);
        }

        #[test]
        fn addresses_of_one_network_are_one_subject(network: u64, one: u64, other: u64, v4: u32) {
            let address = |rest: u64| Ipv6Addr::from_bits(u128::from(network) << 64 | u128::from(rest));
            let at = |address: Ipv6Addr| Subject::at(IpAddr::V6(address));
            // The network of all zeros holds what stands for addresses of IPv4.
            prop_assume!(network != 0);
            prop_assert_eq!(at(address(one)), at(address(other)));
            prop_assert_ne!(at(address(one)), Subject::at(IpAddr::V6(Ipv6Addr::from_bits(u128::from(!network) << 64))));

            let v4 = std::net::Ipv4Addr::from_bits(v4);
            prop_assert_eq!(at(v4.to_ipv6_mapped()), Subject::at(IpAddr::V4(v4)));
            prop_assert_eq!(Subject::at(IpAddr::V4(v4)), Subject::Address(IpAddr::V4(v4)));
        }
    }
}

//! Settings of the rate limits.

use std::num::NonZeroU32;

use super::{
    kind::Kind,
    reader::Reader,
    table::{Default, Required, Section, Setting},
};

/// How many requests a minute each caller may make, by what they cost.
#[derive(Clone, Copy, Debug)]
pub struct LimitSettings {
    pub sign_in: NonZeroU32,
    pub tokens: NonZeroU32,
    pub writes: NonZeroU32,
    pub reads: NonZeroU32,
}

pub(super) const SECTION: Section = Section {
    title: "Limits",
    purpose: "How much one caller may ask for: an account or API key where there is one, else an address (of IPv6 the \
              /64 network). Who was quiet may use a whole minute's requests at once; after that they come back one by \
              one, evenly over the minute. So in any stretch of time no more than one minute's requests plus those of \
              the stretch itself are let through, whichever process answers; the rest is answered with 429. While \
              Redis is away, each process counts for itself.",
    settings: &[&RATE_LIMIT_SIGN_IN, &RATE_LIMIT_TOKENS, &RATE_LIMIT_WRITES, &RATE_LIMIT_READS],
};

const RATE_LIMIT_SIGN_IN: Setting = Setting {
    name: "RATE_LIMIT_SIGN_IN",
    purpose: "how many tries to sign in or to set up one address has",
    example: "20",
    default: Default::Value("20"),
    note: "",
    ..A_MINUTE
};

const RATE_LIMIT_TOKENS: Setting = Setting {
    name: "RATE_LIMIT_TOKENS",
    purpose: "how many tokens to join meetings with one caller may ask for",
    example: "120",
    default: Default::Value("120"),
    note: "a class that joins from one address at the same time counts together, as long as nobody in it is signed in",
    ..A_MINUTE
};

const RATE_LIMIT_WRITES: Setting = Setting {
    name: "RATE_LIMIT_WRITES",
    purpose: "how many changes one caller may ask for",
    example: "120",
    default: Default::Value("120"),
    note: "",
    ..A_MINUTE
};

const RATE_LIMIT_READS: Setting = Setting {
    name: "RATE_LIMIT_READS",
    purpose: "how many looks at meetings, recordings and the like one caller has",
    example: "1200",
    default: Default::Value("1200"),
    note: "",
    ..A_MINUTE
};

/// What these settings have in common.
const A_MINUTE: Setting = Setting {
    name: "",
    purpose: "",
    example: "",
    default: Default::Nothing,
    required: Required::Never,
    kind: Kind::Number { least: 1, most: 10_000_000, unit: "requests a minute" },
    note: "",
    secret: false,
};

impl LimitSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut number = |setting| reader.number(setting).and_then(NonZeroU32::new);
        let sign_in = number(&RATE_LIMIT_SIGN_IN);
        let tokens = number(&RATE_LIMIT_TOKENS);
        let writes = number(&RATE_LIMIT_WRITES);
        let reads = number(&RATE_LIMIT_READS);

        Some(Self { sign_in: sign_in?, tokens: tokens?, writes: writes?, reads: reads? })
    }
}

//! Settings of meetings about which nothing else is said.

use super::{
    kind::Kind,
    reader::Reader,
    table::{Default, Required, Section, Setting},
};

/// What a new meeting is like.
#[derive(Clone, Debug)]
pub struct MeetingSettings {
    /// How somebody gets in: `public`, `accounts` or `invited`.
    pub access: String,
    /// Who waits until a host lets them in: `off`, `guests` or `everyone`.
    pub lobby: String,
}

pub(super) const SECTION: Section = Section {
    title: "Meetings",
    purpose: "What a new meeting is like when whoever makes it says nothing else.",
    settings: &[&MEETING_ACCESS, &MEETING_LOBBY],
};

const MEETING_ACCESS: Setting = Setting {
    name: "MEETING_ACCESS",
    purpose: "who may join a new meeting: whoever has its link, whoever has an account, or only who is invited",
    example: "public",
    default: Default::Value("public"),
    required: Required::Never,
    kind: Kind::Choice(&["public", "accounts", "invited"]),
    note: "",
    secret: false,
};

const MEETING_LOBBY: Setting = Setting {
    name: "MEETING_LOBBY",
    purpose: "who waits until a host lets them in: nobody, guests, or everyone but hosts",
    example: "guests",
    default: Default::Value("guests"),
    required: Required::Never,
    kind: Kind::Choice(&["off", "guests", "everyone"]),
    note: "",
    secret: false,
};

impl MeetingSettings {
    pub(super) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let access = reader.text(&MEETING_ACCESS);
        let lobby = reader.text(&MEETING_LOBBY);
        Some(Self { access: access?, lobby: lobby? })
    }
}

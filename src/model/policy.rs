//! A meeting's policy: who may come in how, and what each role may publish.

/// How somebody gets in who is neither the meeting's host nor invited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// The link is enough.
    Public,
    /// Whoever knows the passcode.
    Passcode,
    /// Whoever has an account.
    Accounts,
    /// Nobody.
    Invited,
}

impl Access {
    /// Every kind, the most open first.
    pub const ALL: [Self; 4] = [Self::Public, Self::Passcode, Self::Accounts, Self::Invited];

    /// As it stands in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Passcode => "passcode",
            Self::Accounts => "accounts",
            Self::Invited => "invited",
        }
    }

    /// The access of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|access| access.as_str() == text)
    }
}

/// Who waits until a host lets them in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lobby {
    /// Nobody.
    Off,
    /// Whoever has no account and was not invited.
    Guests,
    /// Everybody but hosts.
    Everyone,
}

impl Lobby {
    /// Every kind, the most open first.
    pub const ALL: [Self; 3] = [Self::Off, Self::Guests, Self::Everyone];

    /// As it stands in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Guests => "guests",
            Self::Everyone => "everyone",
        }
    }

    /// The lobby of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lobby| lobby.as_str() == text)
    }
}

/// What somebody is in a meeting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MeetingRole {
    /// Watches and listens.
    Viewer,
    /// Takes part.
    Speaker,
    /// Runs the meeting: lets people in, mutes, removes, locks, ends.
    Host,
}

impl MeetingRole {
    /// Every role, the least first.
    pub const ALL: [Self; 3] = [Self::Viewer, Self::Speaker, Self::Host];

    /// As it stands in the database, in the API and in a participant's attributes.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Speaker => "speaker",
            Self::Host => "host",
        }
    }

    /// The role of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

/// A kind of track that somebody may publish; LiveKit's names.
// Source: TrackSource in LiveKit's protocol, without UNKNOWN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    Camera,
    Microphone,
    ScreenShare,
    ScreenShareAudio,
}

impl Source {
    /// Every source.
    pub const ALL: [Self; 4] = [Self::Camera, Self::Microphone, Self::ScreenShare, Self::ScreenShareAudio];

    /// As it stands in the database, in the API and in LiveKit's tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Camera => "camera",
            Self::Microphone => "microphone",
            Self::ScreenShare => "screen_share",
            Self::ScreenShareAudio => "screen_share_audio",
        }
    }

    /// The source of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.as_str() == text)
    }
}

/// What a role may publish; in the order of [`Source::ALL`], none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sources(Vec<Source>);

impl Sources {
    /// These, in order and each once.
    pub fn of(sources: &[Source]) -> Self {
        Self(Source::ALL.into_iter().filter(|source| sources.contains(source)).collect())
    }

    /// All that there are.
    pub fn all() -> Self {
        Self::of(&Source::ALL)
    }

    /// None.
    pub fn none() -> Self {
        Self(Vec::new())
    }

    /// One by one.
    pub fn iter(&self) -> impl Iterator<Item = Source> + '_ {
        self.0.iter().copied()
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.iter().map(|source| source.as_str().to_owned()).collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether nothing is missing.
    pub fn is_all(&self) -> bool {
        self.0.len() == Source::ALL.len()
    }
}

/// Who may come into a meeting how, and what they may do there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    pub access: Access,
    pub lobby: Lobby,
    pub speaker_sources: Sources,
    pub viewer_sources: Sources,
}

impl Policy {
    /// The policy of a meeting about which nothing else is said.
    pub fn new(access: Access, lobby: Lobby) -> Self {
        Self { access, lobby, speaker_sources: Sources::all(), viewer_sources: Sources::none() }
    }

    /// What somebody in that role may publish.
    pub fn sources_of(&self, role: MeetingRole) -> Sources {
        match role {
            MeetingRole::Host => Sources::all(),
            MeetingRole::Speaker => self.speaker_sources.clone(),
            MeetingRole::Viewer => self.viewer_sources.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back_to_its_thing() {
        assert!(Access::ALL.into_iter().all(|it| Access::parse(it.as_str()) == Some(it)));
        assert!(Lobby::ALL.into_iter().all(|it| Lobby::parse(it.as_str()) == Some(it)));
        assert!(MeetingRole::ALL.into_iter().all(|it| MeetingRole::parse(it.as_str()) == Some(it)));
        assert!(Source::ALL.into_iter().all(|it| Source::parse(it.as_str()) == Some(it)));
        assert_eq!(Access::parse("Public"), None);
    }

    #[test]
    fn a_host_may_publish_everything_and_others_what_the_policy_says() {
        let mut policy = Policy::new(Access::Public, Lobby::Off);
        policy.speaker_sources = Sources::of(&[Source::Microphone, Source::Camera, Source::Camera]);
        assert!(policy.sources_of(MeetingRole::Host).is_all());
        assert_eq!(policy.sources_of(MeetingRole::Speaker).names(), ["camera", "microphone"]);
        assert!(policy.sources_of(MeetingRole::Viewer).is_empty());
    }
}

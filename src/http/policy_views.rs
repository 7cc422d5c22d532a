//! What clients see and say of a meeting's policy.

use poem_openapi::{Enum, Object};

use crate::{
    app::meetings::PolicyChange,
    model::{
        meeting::Passcode,
        policy::{Access, Lobby, MeetingRole, Policy, Source, Sources},
    },
};

use super::failure::Failure;

/// How somebody gets in who is neither the meeting's host nor invited
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "Access", rename_all = "snake_case")]
pub enum AccessView {
    /// The link is enough.
    Public,
    /// Whoever knows the passcode.
    Passcode,
    /// Whoever has an account.
    Accounts,
    /// Nobody: only invited people come in.
    Invited,
}

/// Who waits until a host lets them in
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "Lobby", rename_all = "snake_case")]
pub enum LobbyView {
    /// Nobody.
    Off,
    /// Whoever has no account and was not invited.
    Guests,
    /// Everybody but hosts.
    Everyone,
}

/// What somebody is in a meeting
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "MeetingRole", rename_all = "snake_case")]
pub enum MeetingRoleView {
    /// Runs the meeting: lets people in, mutes, removes, locks, ends.
    Host,
    /// Takes part.
    Speaker,
    /// Watches and listens.
    Viewer,
}

/// A kind of track that somebody may publish
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[oai(rename = "Source", rename_all = "snake_case")]
pub enum SourceView {
    Camera,
    Microphone,
    ScreenShare,
    ScreenShareAudio,
}

/// What each role may publish; hosts may publish everything
#[derive(Clone, Debug, PartialEq, Eq, Object)]
#[oai(rename = "Publish", deny_unknown_fields)]
pub struct PublishView {
    #[oai(validator(max_items = 4))]
    pub speaker: Vec<SourceView>,
    #[oai(validator(max_items = 4))]
    pub viewer: Vec<SourceView>,
}

macro_rules! views {
    ($view:ident = $model:ident { $($case:ident),* }) => {
        impl From<$view> for $model {
            fn from(it: $view) -> Self {
                match it { $($view::$case => Self::$case),* }
            }
        }

        impl From<$model> for $view {
            fn from(it: $model) -> Self {
                match it { $($model::$case => Self::$case),* }
            }
        }
    };
}

views!(AccessView = Access { Public, Passcode, Accounts, Invited });
views!(LobbyView = Lobby { Off, Guests, Everyone });
views!(MeetingRoleView = MeetingRole { Host, Speaker, Viewer });
views!(SourceView = Source { Camera, Microphone, ScreenShare, ScreenShareAudio });

impl PublishView {
    /// What a policy lets people publish.
    pub fn of(policy: &Policy) -> Self {
        let names = |sources: &Sources| sources.iter().map(SourceView::from).collect();
        Self { speaker: names(&policy.speaker_sources), viewer: names(&policy.viewer_sources) }
    }
}

/// What a request says of a policy.
pub struct PolicyWish {
    pub access: Option<AccessView>,
    pub lobby: Option<LobbyView>,
    pub passcode: Option<String>,
    pub publish: Option<PublishView>,
}

impl PolicyWish {
    /// As the use cases take it.
    pub fn read(self) -> Result<PolicyChange, Failure> {
        let sources =
            |views: &[SourceView]| Sources::of(&views.iter().map(|view| Source::from(*view)).collect::<Vec<_>>());
        let passcode = self.passcode.as_deref().map(read_passcode).transpose()?;
        Ok(PolicyChange {
            access: self.access.map(Access::from),
            lobby: self.lobby.map(Lobby::from),
            passcode,
            speaker_sources: self.publish.as_ref().map(|publish| sources(&publish.speaker)),
            viewer_sources: self.publish.as_ref().map(|publish| sources(&publish.viewer)),
        })
    }
}

/// The text as a passcode.
pub fn read_passcode(text: &str) -> Result<Passcode, Failure> {
    Passcode::parse(text).map_err(|err| Failure::invalid("passcode-malformed", err))
}

//! Recordings: whatever happens to the recorder, to LiveKit, to storage and to us, each row says in the end what there is.

mod histories;
mod home;
mod keeping;
mod long_absence;
mod play;
mod power_cuts;
mod served;
mod story;
mod studio;
mod together;
mod traces;
mod under_way;

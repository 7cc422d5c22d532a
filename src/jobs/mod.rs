//! The other door: work that nobody asked for over HTTP.

mod pace;
mod projector;
mod pruner;
mod reconciler;
mod recordings;

use crate::{app::App, lifecycle::Lifecycle};

/// Keeps every job; this is the list of them.
pub fn keep(lifecycle: &Lifecycle, app: &App) {
    lifecycle.keep("projector", |stop| projector::run(app.clone(), stop));
    lifecycle.keep("reconciler", |stop| reconciler::run(app.clone(), stop));
    lifecycle.keep("recordings", |stop| recordings::look_after(app.clone(), stop));
    lifecycle.keep("rescuer", |stop| recordings::rescue(app.clone(), stop));
    lifecycle.keep("retention", |stop| recordings::retain(app.clone(), stop));
    lifecycle.keep("pruner", |stop| pruner::run(app.clone(), stop));
}

//! What systems other than Linux have of their own and the window's toolkit
//! has not: their notifications, their way of starting at login.

pub mod autostart;
pub mod notifications;

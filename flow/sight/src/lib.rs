//! Sightings.

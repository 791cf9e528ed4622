"""A recording drives a sound: what is measured of it, over time, becomes lanes, or its onsets become hits."""

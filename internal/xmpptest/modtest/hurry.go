package modtest

// Hurry has no connection to hurry.
func (wire) Hurry() {}

// Unacked: everything arrives at once.
func (wire) Unacked() int { return 0 }

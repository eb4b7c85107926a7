package modtest

// Hurry has no connection to hurry.
func (wire) Hurry() {}

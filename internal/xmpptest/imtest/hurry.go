package imtest

// Hurry has no connection to hurry.
func (w *wire) Hurry() {}

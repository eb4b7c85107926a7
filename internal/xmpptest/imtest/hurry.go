package imtest

// Hurry has no connection to hurry.
func (w *wire) Hurry() {}

// Unacked: everything arrives at once.
func (w *wire) Unacked() int { return 0 }

package session

// Ride is the number of a stanza on its way to the disk, in the transaction of
// what the stanza persists: after a crash the server has counted exactly what it
// has stored. Writes are made in the order in which they were submitted, so a
// number may go along when everything before it was submitted by this session;
// not while something waits for others, or has failed and its sender is not told.
type Ride struct {
	session *Session
	number  uint32
}

// Ride returns the number of the stanza that is being handled, to go along with
// its writes; nil if it need not be stored. Settle must follow. Only the reader
// calls it, before Handled.
func (s *Session) Ride() *Ride {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.managed == nil || s.managed.Save == nil {
		return nil
	}
	s.managed.inbound.rides++
	return &Ride{s, s.managed.inbound.received + 1}
}

// Number returns the number, and whether it may be stored now.
func (r *Ride) Number() (n uint32, ok bool) {
	r.session.mu.Lock()
	defer r.session.mu.Unlock()
	return r.number, r.session.managed.inbound.barriers == 0
}

// Settle says whether it was stored.
func (r *Ride) Settle(err error) {
	s := r.session
	s.mu.Lock()
	in := &s.managed.inbound
	if in.rides--; in.rides == 0 {
		in.wake()
	}
	if err == nil {
		in.keep(r.number)
	}
	save := s.tell(false)
	s.mu.Unlock()
	s.save(save)
}

// bar makes numbers wait for r.
func (in *inbound) bar(r *receipt) {
	if !r.barrier {
		r.barrier = true
		in.barriers++
	}
}

// unbar ends that when r is done.
func (in *inbound) unbar(r *receipt) {
	if r.barrier && r.left <= 0 {
		r.barrier = false
		in.barriers--
	}
}

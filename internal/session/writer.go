package session

import (
	"parley/internal/failpoint"
	"parley/internal/module"
)

// wakeWriter starts a writer if there is work and none runs. mu is held.
func (s *Session) wakeWriter() {
	if s.writing || s.broken || s.detached || s.closing.Load() || !s.hasWork() {
		return
	}
	s.writing = true
	s.writersDone.Add(1)
	if s.writers == nil {
		go s.write()
		return
	}
	s.writers.write(s)
}

// hasWork is called with mu held.
func (s *Session) hasWork() bool {
	return s.ending || len(s.queue) > 0 && s.room() > 0 || len(s.says) > 0 ||
		s.mayProbe() || s.managed.hasWork() || s.managed.mayRequest(s)
}

// mayProbe is called with mu held. One question at a time is open.
func (s *Session) mayProbe() bool { return s.probing && !s.asked }

// work is what a writer does next.
type work uint8

const (
	workNone work = iota
	workWrite
	workProbe
	workEnd
)

// job is a piece of work.
type job struct {
	what  work
	batch []*module.Stanza
	after [][]byte // elements of the stream that follow the batch
}

// write drains the queue and ends. It is the only one to write to the stream
// while it runs.
func (s *Session) write() {
	if s.drain() {
		s.writersDone.Done()
	} else {
		go s.goodbye() // the client may take its time
	}
}

// goodbye closes the stream. Nothing is written after that: writing stays true.
func (s *Session) goodbye() {
	defer s.writersDone.Done()
	s.currentStream().WriteEnd(s.endError) // fixed since ending was set
}

// drain writes until there is nothing more to write; it returns false if the
// stream is to be closed.
func (s *Session) drain() bool {
	stream := s.currentStream()
	var j job
	for {
		switch j = s.take(j.batch); j.what {
		case workWrite:
			err := stream.WriteStanzas(j.batch, j.after...)
			if len(j.after) > 0 {
				failpoint.Reach(failpoint.AfterAck)
			}
			s.written(err)
			if err != nil {
				stream.Abort()
				return true // writing stays true: nothing may be written after this
			}
		case workProbe:
			stream.Probe()
		case workEnd:
			return false
		case workNone:
			return true
		}
	}
}

// currentStream is what a writer writes to: Detach waits for the writer before
// it takes the stream away.
func (s *Session) currentStream() Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stream
}

// take says what to do next; for workWrite it moves what may be written of the
// queue to the writer, giving the queue the writer's old slice.
func (s *Session) take(spare []*module.Stanza) job {
	clear(spare)
	s.mu.Lock()
	defer s.mu.Unlock()
	if after := s.managed.announcement(); after != nil {
		s.managed.before = len(s.held)
		return job{what: workWrite, batch: spare[:0], after: after}
	}
	switch {
	case s.detached:
	case s.full:
		return job{what: workEnd, batch: spare} // what is queued is not for this client any more
	case len(s.queue) > 0 && s.room() > 0:
		batch := s.takeBatch(spare)
		return job{what: workWrite, batch: batch, after: s.elements()}
	case len(s.says) > 0 || s.managed.hasWork() || s.managed.mayRequest(s):
		return job{what: workWrite, batch: spare[:0], after: s.elements()}
	case s.ending:
		return job{what: workEnd, batch: spare}
	case s.mayProbe():
		s.probing, s.asked, s.covered = false, true, len(s.held)
		return job{what: workProbe, batch: spare}
	}
	s.writing = false
	if len(s.queue) == 0 {
		s.queue = nil // an idle session keeps no queue
	}
	return job{}
}

// takeBatch is called with mu held.
func (s *Session) takeBatch(spare []*module.Stanza) []*module.Stanza {
	batch := s.queue
	if n := s.room(); n < len(s.queue) {
		batch = append(spare[:0], s.queue[:n]...)
		s.queue = append([]*module.Stanza(nil), s.queue[n:]...)
	} else {
		s.queue = spare[:0]
	}
	for _, st := range batch {
		s.queueBytes -= st.Size()
	}
	s.hold(batch)
	return batch
}

// room is how many stanzas may be written now. mu is held.
func (s *Session) room() int {
	if s.managed == nil || s.ending || s.limits.Unacked <= 0 {
		return len(s.queue)
	}
	return max(0, s.limits.Unacked-len(s.held))
}

// written books what became of a batch.
func (s *Session) written(err error) { delivered(s.afterWrite(err)) }

// afterWrite returns what is held no longer: there is a limit for clients that
// never answer a ping, too.
func (s *Session) afterWrite(err error) (oldest []*module.Stanza) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.broken = true
		s.log.Debug("session write failed", "jid", s.jid.String(), "err", err)
	} else if s.managed == nil && s.limits.QueueBytes > 0 && s.heldBytes > s.limits.QueueBytes {
		oldest = s.overLimit()
	}
	return oldest
}

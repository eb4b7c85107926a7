package pgtest

// Folder is where the server lives.
func (s *Server) Folder() string { return s.folder }

package pgtest

// Start starts a server that nobody removes.
func Start() (*Server, error) { return start() }

// Folder is where the server lives.
func (s *Server) Folder() string { return s.folder }

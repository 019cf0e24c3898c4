package client

import (
	"bytes"
	"io"
	"sync"
)

// A beginning is the first part of an answer's body, read in a goroutine of its own, so
// that one that trickles in is not waited for, and nothing of it is lost.
type beginning struct {
	done chan struct{} // closed when it is read

	mu   sync.Mutex
	data []byte
	err  error // io.EOF: data is all of the body; valid after done
}

// read reads up to max bytes of body, while wanted says of what came that more is.
func (s *beginning) read(body io.Reader, max int, wanted func([]byte) bool) {
	defer close(s.done)
	buffer := make([]byte, min(max, 4<<10))
	for s.err == nil && len(s.data) < max && wanted(s.data) {
		n, err := body.Read(buffer[:min(len(buffer), max-len(s.data))])
		s.add(buffer[:n], err)
	}
}

func (s *beginning) add(more []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data, s.err = append(s.data, more...), err
}

// soFar is what has come by now.
func (s *beginning) soFar() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return bytes.Clone(s.data)
}

// wait returns all of it, and how the body ended if it did.
func (s *beginning) wait() ([]byte, error) {
	<-s.done
	return s.data, s.err
}

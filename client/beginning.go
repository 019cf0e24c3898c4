package client

import (
	"io"
	"sync"
)

// A beginning is the first part of an answer's body, read in a goroutine of its own, so
// that one that trickles in is not waited for, and nothing of it is lost.
type beginning struct {
	done chan struct{} // closed when nothing more is read into it

	mu     sync.Mutex
	data   []byte
	err    error // how the body ended; nil: it goes on
	enough bool  // no further Read is to be begun
}

// read reads up to max bytes of body, while wanted says of what came that more is.
func (s *beginning) read(body io.Reader, max int, wanted func([]byte) bool) {
	defer close(s.done)
	buffer := make([]byte, min(max, 4<<10))
	for idle := 0; s.wants(max, wanted); idle++ {
		n, err := body.Read(buffer[:min(len(buffer), max-len(s.data))])
		if n > 0 {
			idle = 0
		}
		if err == nil && idle > maxIdleReads {
			err = io.ErrNoProgress
		}
		s.add(buffer[:n], err)
	}
}

// maxIdleReads bounds the Reads in a row that give nothing, as bufio does.
const maxIdleReads = 100

func (s *beginning) wants(max int, wanted func([]byte) bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err == nil && !s.enough && len(s.data) < max && wanted(s.data)
}

func (s *beginning) add(more []byte, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data, s.err = append(s.data, more...), err
}

// soFar is what has come by now, and how the body ended if it did.
func (s *beginning) soFar() ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.data[:len(s.data):len(s.data)], s.err
}

// stop ends the reading with the Read that is under way.
func (s *beginning) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.enough = true
}

// wasStopped reports whether the body was too slow for the look.
func (s *beginning) wasStopped() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.enough
}

// isDone reports whether nothing more is read into it.
func (s *beginning) isDone() bool {
	select {
	case <-s.done:
		return true
	default:
		return false
	}
}

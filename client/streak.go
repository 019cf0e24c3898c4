package client

import (
	"errors"
	"sync"

	apierrors "github.com/retrywise/retrywise/errors"
)

// A streak counts surfaced calls that ended with the same code, without a success
// between: see policy.Retry.EscalateAfter.
type streak struct {
	mu   sync.Mutex
	code string
	n    int
}

// add counts the end of a call.
func (s *streak) add(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e, ok := errors.AsType[*apierrors.Error](err)
	switch {
	case err == nil:
		s.code, s.n = "", 0
	case !ok || e.Action != apierrors.Surface:
	case e.Code == "":
		s.code, s.n = "", 0 // unlike failures have no code, too
	case e.Code == s.code:
		s.n++
	default:
		s.code, s.n = e.Code, 1
	}
}

func (s *streak) now() (code string, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.code, s.n
}

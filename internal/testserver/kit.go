package testserver

import (
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// The names below have moved to package retrywisetest. They stay here until the
// last test that uses them has followed.
type (
	Answer  = retrywisetest.Answer
	Ledger  = retrywisetest.Ledger
	Request = retrywisetest.Request
	Server  = retrywisetest.Server
)

// New is retrywisetest.New.
func New(t testing.TB, answers ...Answer) *Server {
	t.Helper()
	return retrywisetest.New(t, answers...)
}

// Handle is retrywisetest.Handle.
func Handle(t testing.TB, h http.Handler) *Server {
	t.Helper()
	return retrywisetest.Handle(t, h)
}

// Start is retrywisetest.Start.
func Start(h http.Handler) (*Server, error) { return retrywisetest.Start(h) }

// Script is retrywisetest.Script.
func Script(answers ...Answer) http.Handler { return retrywisetest.Script(answers...) }

// Status is retrywisetest.Status.
func Status(code int, header ...string) Answer { return retrywisetest.Status(code, header...) }

// JSON is retrywisetest.JSON.
func JSON(code int, body string, header ...string) Answer {
	return retrywisetest.JSON(code, body, header...)
}

// Text is retrywisetest.Text.
func Text(code int, body string) Answer { return retrywisetest.Text(code, body) }

// HTML is retrywisetest.HTML.
func HTML(code int, header ...string) Answer { return retrywisetest.HTML(code, header...) }

// Reset is retrywisetest.Reset.
func Reset() Answer { return retrywisetest.Reset() }

// Cut is retrywisetest.Cut of a JSON answer.
func Cut(code int, body string) Answer { return retrywisetest.Cut(retrywisetest.JSON(code, body)) }

// Hang is retrywisetest.Hang.
func Hang() Answer { return retrywisetest.Hang() }

// After is retrywisetest.After.
func After(d time.Duration, answer Answer) Answer { return retrywisetest.After(d, answer) }

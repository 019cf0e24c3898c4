package testserver

import (
	"net/http"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// This file has the names that have moved to package retrywisetest. It is removed when
// no test uses them any more.

// Answer is retrywisetest.Answer.
type Answer = retrywisetest.Answer

// Ledger is retrywisetest.Ledger.
type Ledger = retrywisetest.Ledger

// Request is retrywisetest.Request.
type Request = retrywisetest.Request

// Server is retrywisetest.Server.
type Server = retrywisetest.Server

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

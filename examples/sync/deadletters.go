package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/retrywise/retrywise/deadletter"
	apierrors "github.com/retrywise/retrywise/errors"
)

// A letterBox writes a letter for each record that was not delivered, as soon as that is known: a
// job that is killed leaves those that it knew of. It is safe for concurrent use.
type letterBox struct {
	writer *deadletter.Writer

	mu  sync.Mutex // guards the fields below
	err error      // of the first letter that could not be written
}

// openLetters opens the file of the settings, or one that is named after the time.
func openLetters(s *settings) (*letterBox, error) {
	if s.deadLetters == "" {
		s.deadLetters = "dead-letters-" + time.Now().UTC().Format("20060102T150405Z") + ".jsonl"
	}
	w, err := deadletter.Open(s.deadLetters, deadletter.Options{})
	if err != nil {
		return nil, err
	}
	return &letterBox{writer: w}, nil
}

// add writes the letter of an outcome.
func (b *letterBox) add(o outcome) {
	if o.Err == nil {
		return
	}
	l, err := newLetter(o)
	if err == nil {
		err = b.writer.Write(l)
	}
	if err != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.err = errors.Join(b.err, err)
	}
}

// close closes the file. It returns why letters are missing.
func (b *letterBox) close() error {
	return errors.Join(b.err, b.writer.Close())
}

// A payload is what a letter says for the owner of the data, and for a replay, beside the failure.
type payload struct {
	Line    int            `json:"line,omitempty"`    // in the source
	Details map[string]any `json:"details,omitempty"` // of the vendor's response, such as which products are missing
}

// newLetter returns the letter of a record that was not delivered. Its Op is the name of the step.
// A step may take several calls, so what its last error says of its call does not hold for all.
func newLetter(o outcome) (deadletter.Letter, error) {
	p := payload{Line: o.Line}
	if e, ok := errors.AsType[*apierrors.Error](o.Err); ok {
		p.Details = e.Details
	}
	text, err := json.Marshal(p)
	if err != nil {
		return deadletter.Letter{}, fmt.Errorf("dead letters: %w", err)
	}
	l := deadletter.Of(o.Err, deadletter.Record{Key: o.Key, Op: o.Step, Payload: text})
	l.Applied, l.Repeatable = o.applied(), o.Step == stepContacts
	return l, nil
}

// payloadOf returns what a letter of this job says beside the failure.
func payloadOf(l deadletter.Letter) (p payload, err error) {
	err = json.Unmarshal(l.Payload, &p)
	return p, err
}

package wire

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// A gate is a body whose Read waits for release, and whose Close waits for the Read.
type gate struct {
	release chan struct{}
	closed  chan struct{}
}

func (g gate) Read(p []byte) (int, error) {
	<-g.release
	return copy(p, "late"), nil
}

func (g gate) Close() error {
	<-g.release
	close(g.closed)
	return nil
}

// A Read that waits for the caller's body returns when the attempt ends or the transport
// closes the body. The body is closed when its Read has returned, and reading goes no further.
func TestLoanEnds(t *testing.T) {
	for name, end := range map[string]func(a *Attempt, l *loan){
		"with the attempt": func(a *Attempt, _ *loan) { a.End() },
		"by Close":         func(_ *Attempt, l *loan) { _ = l.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				body := gate{make(chan struct{}), make(chan struct{})}
				p := &Payload{body: body}
				a := begin(t, New(http.DefaultTransport))
				l, err := p.lend(a)
				if err != nil {
					t.Fatal(err)
				}
				time.AfterFunc(time.Second, func() { end(a, l) })
				if n, err := l.Read(make([]byte, 8)); n != 0 || !errors.Is(err, errEnded) {
					t.Errorf("the blocked Read returned %d, %v; want %v", n, err, errEnded)
				}
				_ = l.Close()
				if n, err := l.Read(make([]byte, 8)); n != 0 || !errors.Is(err, errEnded) {
					t.Errorf("the next Read returned %d, %v; want %v", n, err, errEnded)
				}
				close(body.release)
				<-body.closed
				if a.BodyFailed() {
					t.Error("the body failed; want no failure after the end")
				}
			})
		})
	}
}

// A body that the transport closes before the header is written can be read for another
// connection, as net/http takes it there. Of the stream that was aborted, it is read no more,
// nor after the header: net/http may begin to read it all the same, and would wait for it.
func TestLoanThatIsClosedUnread(t *testing.T) {
	for name, tt := range map[string]struct {
		before, after func(a *Attempt) // Close
		want          string           // what is read
	}{
		"for another connection": {func(a *Attempt) { a.got(nil) }, func(a *Attempt) { a.got(nil) }, "rows"},
		"for the same":           {func(a *Attempt) { a.got(nil) }, func(*Attempt) {}, ""},
		"after the header":       {func(a *Attempt) { a.got(nil); a.proof.set(&a.proof.wroteHeaders) }, func(*Attempt) {}, ""},
		"without a trace":        {func(*Attempt) {}, func(*Attempt) {}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a := begin(t, New(http.DefaultTransport))
			l, err := PayloadOf(newRequest(t, http.MethodPost, strings.NewReader("rows"))).lend(a)
			if err != nil {
				t.Fatal(err)
			}
			tt.before(a)
			closing := l.Close()
			tt.after(a)
			got, err := io.ReadAll(l)
			if string(got) != tt.want || errors.Is(err, errEnded) != (tt.want == "") || closing != nil {
				t.Errorf("Close returned %v; then read %q, error %v; want nil, %q", closing, got, err, tt.want)
			}
			_ = l.Close()
			if _, err := l.Read(make([]byte, 8)); !errors.Is(err, errEnded) {
				t.Errorf("after a second Close: got error %v; want %v", err, errEnded)
			}
		})
	}
}

// A Read in the moment in which the attempt ends returns nothing.
func TestLoanDropsWhatComesTooLate(t *testing.T) {
	a := begin(t, New(http.DefaultTransport))
	p := &Payload{}
	l := newLoan(io.NopCloser(strings.NewReader("rows")), nil, p, a)
	l.source = readerFunc(func(b []byte) (int, error) { a.End(); return copy(b, "rows"), nil })
	if n, err := l.Read(make([]byte, 8)); n != 0 || !errors.Is(err, errEnded) {
		t.Errorf("got %d bytes, error %v; want none, %v", n, err, errEnded)
	}
}

// A pump that has no work takes none after the end.
func TestPumpEnds(t *testing.T) {
	for name, end := range map[string]func(a *Attempt, l *loan){
		"with the attempt": func(a *Attempt, _ *loan) { a.End() },
		"by Close":         func(_ *Attempt, l *loan) { close(l.closed) },
	} {
		a := begin(t, New(http.DefaultTransport))
		l := newLoan(strings.NewReader("rows"), nil, &Payload{}, a)
		p := newPump(strings.NewReader("rows"))
		p.buffer = make([]byte, 1) // nobody reads
		end(a, l)
		if n, err := p.read(make([]byte, 8), l); n != 0 || !errors.Is(err, errEnded) {
			t.Errorf("%s: got %d bytes, error %v; want none, %v", name, n, err, errEnded)
		}
	}
}

type panickingCloser struct{ io.Reader }

func (panickingCloser) Close() error { panic("closed") }

func TestLoanCloseOfABodyThatPanics(t *testing.T) {
	body := panickingCloser{strings.NewReader("rows")}
	l := newLoan(body, body, &Payload{}, begin(t, New(http.DefaultTransport)))
	if err := l.giveBack(); !errors.Is(err, errPanicked) {
		t.Errorf("got error %v; want %v", err, errPanicked)
	}
}

// Only readers that never block are read without a goroutine.
func TestIsInMemory(t *testing.T) {
	pipe, _ := io.Pipe()
	for name, tt := range map[string]struct {
		body io.Reader
		want bool
	}{
		"bytes.Reader":         {bytes.NewReader(nil), true},
		"bytes.Buffer":         {&bytes.Buffer{}, true},
		"strings.Reader":       {strings.NewReader(""), true},
		"in a request":         {newRequest(t, http.MethodPut, strings.NewReader("x")).Body, true},
		"without a WriterTo":   {io.NopCloser(struct{ io.Reader }{strings.NewReader("")}), false},
		"pipe":                 {pipe, false},
		"pipe in a NopCloser":  {io.NopCloser(pipe), false},
		"multi reader":         {io.MultiReader(strings.NewReader("")), false},
		"struct with a Reader": {struct{ io.Reader }{strings.NewReader("")}, false},
	} {
		if got := isInMemory(tt.body); got != tt.want {
			t.Errorf("%s: got %v; want %v", name, got, tt.want)
		}
	}
}

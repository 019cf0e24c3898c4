package wire

import (
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The caller's body is closed when the call has ended and no attempt holds it, or as soon as
// it is spent.
func TestPayloadClose(t *testing.T) {
	lend := func(t *testing.T, p *Payload) *loan {
		t.Helper()
		l, err := p.lend(begin(t, New(http.DefaultTransport)))
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	read := func(l *loan) { _, _ = io.ReadAll(l) }
	giveBack := func(l *loan) { _ = l.Close(); l.end() }
	for name, tt := range map[string]struct {
		open  func(t *testing.T) io.Reader
		steps func(t *testing.T, p *Payload, isClosed func() bool) []bool // whether it is closed after each
	}{
		"never lent": {stream, func(_ *testing.T, p *Payload, isClosed func() bool) []bool {
			p.Close()
			return []bool{isClosed()}
		}},
		"loan closed before the call ends, not read": {stream, func(t *testing.T, p *Payload, isClosed func() bool) []bool {
			l := lend(t, p)
			giveBack(l)
			unread := isClosed()
			p.Close()
			return []bool{unread, isClosed()}
		}},
		"loan closed before the attempt ends, not read": {stream, func(t *testing.T, p *Payload, isClosed func() bool) []bool {
			l := lend(t, p)
			l.attempt.got(nil)
			p.Close()
			_ = l.Close()
			during := isClosed()
			l.end()
			return []bool{during, isClosed()}
		}},
		"loan closed before the call ends, read": {stream, func(t *testing.T, p *Payload, isClosed func() bool) []bool {
			l := lend(t, p)
			read(l)
			during := isClosed()
			giveBack(l)
			return []bool{during, isClosed()}
		}},
		"loan closed after the call ended": {stream, func(t *testing.T, p *Payload, isClosed func() bool) []bool {
			l := lend(t, p)
			p.Close()
			during := isClosed()
			giveBack(l)
			_ = l.Close() // has no effect
			return []bool{during, isClosed()}
		}},
		"two loans of a file, closed after the call ended": {func(t *testing.T) io.Reader { return file(t, "rows", 0) }, func(t *testing.T, p *Payload, isClosed func() bool) []bool {
			first, second := lend(t, p), lend(t, p)
			read(first)
			giveBack(first)
			p.Close()
			during := isClosed()
			giveBack(second)
			return []bool{during, isClosed()}
		}},
		"file that was read": {func(t *testing.T) io.Reader { return file(t, "rows", 0) }, func(t *testing.T, p *Payload, isClosed func() bool) []bool {
			l := lend(t, p)
			read(l)
			giveBack(l)
			during := isClosed()
			p.Close()
			return []bool{during, isClosed()}
		}},
		"body with GetBody belongs to its loan": {func(*testing.T) io.Reader { return strings.NewReader("rows") }, func(t *testing.T, p *Payload, isClosed func() bool) []bool {
			l := lend(t, p)
			p.Close()
			during := isClosed()
			giveBack(l)
			return []bool{during, isClosed()}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			req := newRequest(t, http.MethodPut, tt.open(t))
			p := PayloadOf(req)
			body := &closeCounter{ReadCloser: p.body}
			p.body = body
			got := tt.steps(t, p, func() bool { return body.closed.Load() > 0 })
			want := append(make([]bool, len(got)-1), true) // closed at the end, and not before
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("closed after each step (-want +got):\n%s", diff)
			}
			if n := body.closed.Load(); n != 1 {
				t.Errorf("closed %d times; want once", n)
			}
		})
	}
}

// A stream that an attempt still holds is spent, even if nothing of it was read yet.
func TestPayloadIsSpentWhileLent(t *testing.T) {
	p := PayloadOf(newRequest(t, http.MethodPut, stream(t)))
	l, err := p.lend(begin(t, New(http.DefaultTransport)))
	if err != nil {
		t.Fatal(err)
	}
	lent := p.IsSpent()
	_ = l.Close()
	l.end()
	if !lent || p.IsSpent() {
		t.Errorf("spent while lent %v, afterwards %v; want true, false", lent, p.IsSpent())
	}
	p.Close()
}

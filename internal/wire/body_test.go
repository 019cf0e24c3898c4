package wire

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// How a body is read to its end, and what OnBreak gets.
func TestBodyRead(t *testing.T) {
	for name, tt := range map[string]struct {
		body []chunk
		want string
		err  error // of Read and of OnBreak; nil: the end
		took time.Duration
	}{
		"at once":          {text("whole"), "whole", nil, 0},
		"in pieces":        {[]chunk{{0, "a", nil}, {time.Second, "b", nil}}, "ab", nil, time.Second},
		"error":            {[]chunk{{0, "half", errOfTheTest}}, "half", errOfTheTest, 0},
		"error in the end": {[]chunk{{0, "half", nil}, {0, "", errOfTheTest}}, "half", errOfTheTest, 0},
		"Read stalls":      {[]chunk{{0, "half", nil}, {time.Hour, "b", nil}}, "half", errStalled, 30 * time.Second},
		"Reads take 29 s":  {[]chunk{{29 * time.Second, "a", nil}, {29 * time.Second, "b", nil}}, "ab", nil, 58 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				body := newScripted(tt.body)
				b := bodyOf(t, body)
				closeWith(b, body)
				b.attempt.StopTimeout()
				var broke []error
				b.OnBreak = func(err error) { broke = append(broke, err) }
				start := time.Now()
				got, err := io.ReadAll(b)
				if took := time.Since(start); string(got) != tt.want || !errors.Is(err, tt.err) || took != tt.took {
					t.Errorf("read %q, error %v in %v; want %q, %v in %v", got, err, took, tt.want, tt.err, tt.took)
				}
				if isOver := b.attempt.Context().Err() != nil; !isOver && (tt.err == nil || errors.Is(tt.err, errStalled)) {
					t.Error("the attempt goes on after the end of the body")
				}
				_, _ = b.Read(make([]byte, 1)) // which must not call OnBreak again
				if tt.err == nil && len(broke) != 0 || tt.err != nil && (len(broke) != 1 || !errors.Is(broke[0], tt.err)) {
					t.Errorf("OnBreak was called with %v; want once with %v, or not at all for nil", broke, tt.err)
				}
			})
		})
	}
}

// closeWith closes a scripted body when the attempt ends, as transports do.
func closeWith(b *Body, s *scripted) {
	go func() {
		<-b.attempt.Context().Done()
		_ = s.Close()
	}()
}

// A caller may take its time between two Reads.
func TestBodyReaderMayBeSlow(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		b := bodyOf(t, newScripted([]chunk{{0, "a", nil}, {0, "b", nil}}))
		b.attempt.StopTimeout()
		for range 2 {
			if n, err := b.Read(make([]byte, 1)); n != 1 || err != nil {
				t.Errorf("Read returned %d bytes, error %v; want 1", n, err)
			}
			time.Sleep(time.Hour) // virtual
		}
	})
}

// Close closes the body, ends the attempt and calls OnClose. Then Read fails, which is not a
// break of the body.
func TestBodyClose(t *testing.T) {
	body := newScripted(text("text"))
	b := bodyOf(t, body)
	closed := 0
	b.OnClose, b.OnBreak = func() { closed++ }, func(err error) { t.Errorf("OnBreak was called with %v", err) }
	if err := b.Close(); err != nil {
		t.Errorf("Close: %v", err)
	}
	if !body.isClosed() || b.attempt.Context().Err() == nil || closed != 1 {
		t.Errorf("body closed %v, attempt ended %v, OnClose called %d times; want true, true, 1", body.isClosed(), b.attempt.Context().Err() != nil, closed)
	}
	if n, err := b.Read(make([]byte, 1)); n != 0 || !errors.Is(err, errClosedBody) {
		t.Errorf("Read after Close returned %d bytes, error %v; want 0, %v", n, err, errClosedBody)
	}
}

// http.NoBody may be read after Close, as with net/http.
func TestBodyCloseOfNoBody(t *testing.T) {
	b := bodyOf(t, http.NoBody)
	_ = b.Close()
	if _, err := b.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("Read after Close returned %v; want EOF", err)
	}
}

// Close returns the error of the body's Close.
func TestBodyCloseFails(t *testing.T) {
	b := bodyOf(t, failingCloser{strings.NewReader("")})
	if err := b.Close(); !errors.Is(err, errOfTheTest) {
		t.Errorf("Close: %v; want the test's error", err)
	}
}

type failingCloser struct{ io.Reader }

func (failingCloser) Close() error { return errOfTheTest }

// Drop reads a short rest, and closes the body in any case.
func TestBodyDrop(t *testing.T) {
	all := func([]byte) bool { return true }
	long := strings.Repeat("x", 64<<10)
	for name, tt := range map[string]struct {
		body []chunk
		peek int // bytes; 0: no Peek
		read int // bytes in all
		took time.Duration
	}{
		"short":                       {text("short"), 0, 5, 0},
		"long":                        {text(long), 0, maxDrain, 0},
		"slow":                        {[]chunk{{0, "a", nil}, {time.Hour, "b", nil}}, 0, 1, drainTimeout},
		"short rest after a Peek":     {text("short"), 2, 5, 0},
		"no rest after a Peek":        {text("short"), 10, 5, 0},
		"long rest after a Peek":      {text(long), 1 << 10, 1<<10 + maxDrain, 0},
		"Peek that is still going on": {[]chunk{{0, "a", nil}, {time.Hour, "b", nil}}, 10, 1, peekTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				body := newScripted(tt.body)
				b, start := bodyOf(t, body), time.Now()
				if tt.peek > 0 {
					_, _ = b.Peek(tt.peek, all)
				}
				b.Drop()
				retrywisetest.Settle()
				if took := time.Since(start); body.read != tt.read || took != tt.took || !body.isClosed() {
					t.Errorf("read %d bytes in %v, closed %v; want %d in %v, true", body.read, took, body.isClosed(), tt.read, tt.took)
				}
			})
		})
	}
}

// The Close of net/http's body waits for a Read that is under way, so the attempt has to end
// that Read before.
func TestBodyCloseEndsAReadBefore(t *testing.T) {
	for name, tt := range map[string]struct {
		end  func(b *Body)
		took time.Duration
	}{
		"Close after a slow Peek": {func(b *Body) { _, _ = b.Peek(10, func([]byte) bool { return true }); _ = b.Close() }, peekTimeout},
		"Drop after a slow Peek":  {func(b *Body) { _, _ = b.Peek(10, func([]byte) bool { return true }); b.Drop() }, peekTimeout},
		"Drop of a slow body":     {(*Body).Drop, drainTimeout},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				body := &jointBody{ended: make(chan struct{})}
				b, start := bodyOf(t, body), time.Now()
				body.attempt = b.attempt
				tt.end(b)
				if took := time.Since(start); took != tt.took {
					t.Errorf("took %v; want %v", took, tt.took)
				}
			})
		})
	}
}

// A jointBody blocks in Read until the attempt ends, and in Close until Read has ended.
type jointBody struct {
	attempt *Attempt
	once    sync.Once
	ended   chan struct{}
}

func (j *jointBody) Read([]byte) (int, error) {
	defer j.once.Do(func() { close(j.ended) })
	<-j.attempt.Context().Done()
	return 0, j.attempt.Context().Err()
}

func (j *jointBody) Close() error {
	<-j.ended
	return nil
}

// After a 101, the caller writes to the connection as well. Anything else is a plain body.
func TestBodyUpgraded(t *testing.T) {
	conn := &fakeConn{scripted: newScripted(text("hello"))}
	b := bodyOf(t, conn)
	upgraded, ok := b.Upgraded().(io.ReadWriteCloser)
	if !ok {
		t.Fatalf("the upgraded body is %T; want an io.ReadWriteCloser", b.Upgraded())
	}
	got, err := io.ReadAll(upgraded)
	_, _ = io.WriteString(upgraded, "hi")
	if string(got) != "hello" || err != nil || conn.written != "hi" {
		t.Errorf("read %q, error %v, wrote %q; want hello, hi", got, err, conn.written)
	}
	if _ = upgraded.Close(); !conn.isClosed() || b.attempt.Context().Err() == nil {
		t.Errorf("after Close: connection closed %v, attempt ended %v; want both", conn.isClosed(), b.attempt.Context().Err() != nil)
	}
	plain := bodyOf(t, newScripted(text("hello")))
	if plain.Upgraded() != io.ReadCloser(plain) {
		t.Errorf("a body that cannot be written to is upgraded to %T; want itself", plain.Upgraded())
	}
}

// CloseWrite of an upgraded connection is the connection's, if it has one.
func TestBodyUpgradedCloseWrite(t *testing.T) {
	half := &halfCloser{fakeConn: fakeConn{scripted: newScripted(nil)}}
	for name, tt := range map[string]struct {
		conn io.ReadWriteCloser
		want error
	}{
		"with CloseWrite":    {half, nil},
		"without CloseWrite": {&fakeConn{scripted: newScripted(nil)}, http.ErrNotSupported},
	} {
		upgraded, ok := bodyOf(t, tt.conn).Upgraded().(interface{ CloseWrite() error })
		if !ok {
			t.Fatalf("%s: the upgraded body has no CloseWrite", name)
		}
		if err := upgraded.CloseWrite(); !errors.Is(err, tt.want) {
			t.Errorf("%s: got error %v; want %v", name, err, tt.want)
		}
	}
	if !half.closed {
		t.Error("the connection's CloseWrite was not called")
	}
}

// A halfCloser is a fakeConn whose writing can be ended.
type halfCloser struct {
	fakeConn
	closed bool
}

func (c *halfCloser) CloseWrite() error {
	c.closed = true
	return nil
}

// A fakeConn is a body that can be written to.
type fakeConn struct {
	*scripted
	written string
}

func (c *fakeConn) Write(p []byte) (int, error) {
	c.written += string(p)
	return len(p), nil
}

package wire

import (
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/retrywise/retrywise/retrywisetest"
)

// What Peek returns of a body, and that the reader gets all of it afterwards.
func TestBodyPeek(t *testing.T) {
	all := func([]byte) bool { return true }
	isJSON := func(head []byte) bool { return len(head) == 0 || head[0] == '{' }
	for name, tt := range map[string]struct {
		body   []chunk
		wanted func([]byte) bool
		head   string
		end    error // nil: there may be more
		took   time.Duration
		whole  string // what a reader gets then
		err    error  // and how that ends; nil: EOF
	}{
		"whole body":           {text("short"), all, "short", io.EOF, 0, "short", nil},
		"empty body":           {text(""), all, "", io.EOF, 0, "", nil},
		"bound":                {text("0123456789"), all, "01234567", nil, 0, "0123456789", nil},
		"bound, end not read":  {text("01234567"), all, "01234567", io.EOF, 0, "01234567", nil},
		"not wanted":           {[]chunk{{0, "abc", nil}, {0, "def", io.EOF}}, isJSON, "abc", nil, 0, "abcdef", nil},
		"in pieces":            {[]chunk{{0, "{", nil}, {time.Second, "}", nil}}, isJSON, "{}", io.EOF, time.Second, "{}", nil},
		"breaks off":           {[]chunk{{0, "abc", errOfTheTest}}, all, "abc", errOfTheTest, 0, "abc", errOfTheTest},
		"breaks off later":     {[]chunk{{0, "01234567", nil}, {0, "8", errOfTheTest}}, all, "01234567", nil, 0, "012345678", errOfTheTest},
		"too slow":             {[]chunk{{0, "abc", nil}, {5 * time.Second, "def", io.EOF}}, all, "abc", errSlowBody, peekTimeout, "abcdef", nil},
		"too slow, breaks off": {[]chunk{{5 * time.Second, "a", errOfTheTest}}, all, "", errSlowBody, peekTimeout, "a", errOfTheTest},
		"nothing is read":      {idle(200), all, "", io.ErrNoProgress, 0, "", io.ErrNoProgress},
		"little is read":       {append(idle(90), chunk{text: "a"}), all, "a", io.EOF, 0, "a", nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				b, start := bodyOf(t, newScripted(tt.body)), time.Now()
				head, end := b.Peek(8, tt.wanted)
				if took := time.Since(start); string(head) != tt.head || !errors.Is(end, tt.end) || took != tt.took {
					t.Errorf("peeked %q, end %v after %v; want %q, %v after %v", head, end, took, tt.head, tt.end, tt.took)
				}
				if IsSlow(end) != errors.Is(tt.end, errSlowBody) {
					t.Errorf("IsSlow(%v) is %v", end, IsSlow(end))
				}
				whole, err := io.ReadAll(b)
				if string(whole) != tt.whole || !errors.Is(err, tt.err) {
					t.Errorf("then read %q, error %v; want %q, %v", whole, err, tt.whole, tt.err)
				}
			})
		})
	}
}

// idle returns n chunks of a Read that returns neither bytes nor an error.
func idle(n int) []chunk { return make([]chunk, n) }

// A Read after a Peek may be for fewer bytes than were peeked at.
func TestBodyPeekIsReadInPieces(t *testing.T) {
	b := bodyOf(t, newScripted(text("0123456789")))
	_, _ = b.Peek(5, func([]byte) bool { return true })
	var got []string
	for {
		p := make([]byte, 3)
		n, err := b.Read(p)
		if got = append(got, string(p[:n])); err != nil {
			break
		}
	}
	if text := strings.Join(got, ""); text != "0123456789" || got[0] != "012" {
		t.Errorf("read %q; want 0123456789, the first three bytes first", got)
	}
}

// A body that is closed after a Peek cannot be read, though some of it is in memory.
func TestBodyPeekThenClose(t *testing.T) {
	b := bodyOf(t, newScripted(text("0123456789")))
	_, _ = b.Peek(5, func([]byte) bool { return true })
	_ = b.Close()
	if n, err := b.Read(make([]byte, 1)); n != 0 || !errors.Is(err, errClosedBody) {
		t.Errorf("Read returned %d bytes, error %v; want 0, %v", n, err, errClosedBody)
	}
}

// What PeekAt returns of a response that is not an attempt's, which can be read afterwards.
func TestPeekAt(t *testing.T) {
	for name, tt := range map[string]struct {
		body  []chunk // nil: no body
		head  string
		isAll bool
		whole string
		err   error
	}{
		"no body":    {nil, "", true, "", nil},
		"short":      {text("short"), "short", true, "short", nil},
		"long":       {text("0123456789"), "01234567", false, "0123456789", nil},
		"breaks off": {[]chunk{{0, "abc", errOfTheTest}}, "abc", false, "abc", errOfTheTest},
		"trickles":   {[]chunk{{0, "a", nil}, {time.Hour, "b", io.EOF}}, "a", false, "ab", nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				resp, body := &http.Response{}, newScripted(tt.body)
				if tt.body != nil {
					resp.Body = body
				}
				head, isAll := PeekAt(resp, 8, func([]byte) bool { return true })
				if string(head) != tt.head || isAll != tt.isAll {
					t.Errorf("peeked %q, all %v; want %q, %v", head, isAll, tt.head, tt.isAll)
				}
				if tt.body == nil {
					return
				}
				whole, err := io.ReadAll(resp.Body)
				if string(whole) != tt.whole || !errors.Is(err, tt.err) {
					t.Errorf("then read %q, error %v; want %q, %v", whole, err, tt.whole, tt.err)
				}
				if _ = resp.Body.Close(); !body.isClosed() {
					t.Error("the body was not closed with the response's")
				}
			})
		})
	}
}

// A body whose Read panics, or ends its goroutine, breaks off there.
func TestBodyPeekAtABodyThatPanics(t *testing.T) {
	for name, read := range map[string]readerFunc{
		"panic":  func([]byte) (int, error) { panic("no rows") },
		"Goexit": func([]byte) (int, error) { runtime.Goexit(); return 0, nil },
	} {
		b := bodyOf(t, io.NopCloser(read))
		if head, end := b.Peek(8, func([]byte) bool { return true }); len(head) != 0 || !errors.Is(end, errPanicked) {
			t.Errorf("%s: peeked %q, end %v; want nothing, %v", name, head, end, errPanicked)
		}
	}
}

// What ReadAhead reads is read again, and then what follows.
func TestBodyReadAhead(t *testing.T) {
	for name, tt := range map[string]struct {
		body   []chunk
		broken error // within the bound
		whole  string
		err    error
	}{
		"short":               {text("short"), nil, "short", nil},
		"empty":               {text(""), nil, "", nil},
		"above the bound":     {[]chunk{{0, "01234567", nil}, {time.Second, "89", io.EOF}}, nil, "0123456789", nil},
		"breaks off":          {[]chunk{{0, "abc", errOfTheTest}}, errOfTheTest, "abc", errOfTheTest},
		"breaks off later":    {[]chunk{{0, "01234567", nil}, {0, "8", errOfTheTest}}, nil, "012345678", errOfTheTest},
		"stalls":              {[]chunk{{0, "abc", nil}, {time.Hour, "d", io.EOF}}, errStalled, "abc", errStalled},
		"is slow, and is all": {[]chunk{{20 * time.Second, "a", nil}, {20 * time.Second, "b", io.EOF}}, nil, "ab", nil},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				body := newScripted(tt.body)
				b := bodyOf(t, body)
				closeWith(b, body)
				b.attempt.StopTimeout()
				if head, err := b.ReadAhead(8); !errors.Is(err, tt.broken) || !strings.HasPrefix(tt.whole, string(head)) {
					t.Errorf("got %q, error %v; want the beginning of %q, error %v", head, err, tt.whole, tt.broken)
				}
				whole, err := io.ReadAll(b)
				if string(whole) != tt.whole || !errors.Is(err, tt.err) {
					t.Errorf("then read %q, error %v; want %q, %v", whole, err, tt.whole, tt.err)
				}
			})
		})
	}
}

package wire

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/retrywise/retrywise/retrywisetest"
)

// Which bodies can be sent again, and what is sent then.
func TestPayload(t *testing.T) {
	for name, tt := range map[string]struct {
		open  func(t *testing.T) io.Reader
		spent bool // after the first attempt
		want  []string
	}{
		"with GetBody":             {func(*testing.T) io.Reader { return strings.NewReader("rows") }, false, []string{"rows", "rows", "rows"}},
		"file":                     {func(t *testing.T) io.Reader { return file(t, "rows", 0) }, false, []string{"rows", "rows", "rows"}},
		"file with an offset":      {func(t *testing.T) io.Reader { return file(t, "head\nrows", 5) }, false, []string{"rows", "rows", "rows"}},
		"type that embeds a file":  {func(t *testing.T) io.Reader { return struct{ *os.File }{file(t, "rows", 0)} }, true, []string{"rows"}},
		"pipe":                     {pipe, true, []string{"rows"}},
		"reader that is read once": {func(*testing.T) io.Reader { return io.MultiReader(strings.NewReader("rows")) }, true, []string{"rows"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				w, srv := serve(t, slices.Repeat([]retrywisetest.Answer{retrywisetest.Status(204)}, len(tt.want))...)
				req := newRequest(t, http.MethodPut, tt.open(t))
				p := PayloadOf(req)
				body := &closeCounter{ReadCloser: p.body}
				p.body = body
				if p.IsSpent() {
					t.Error("spent before the first attempt")
				}
				for range tt.want {
					resp, err := begin(t, w).Send(req, p)
					if err != nil {
						t.Fatal(err)
					}
					_ = resp.Body.Close()
					if p.IsSpent() != tt.spent {
						t.Errorf("spent after an attempt: %v; want %v", p.IsSpent(), tt.spent)
					}
				}
				p.Close()
				retrywisetest.Settle() // net/http may close a body a little later
				var got []string
				for _, r := range srv.Requests() {
					got = append(got, string(r.Body))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("bodies (-want +got):\n%s", diff)
				}
				if n := body.closed.Load(); n != 1 {
					t.Errorf("the caller's body was closed %d times; want once", n)
				}
			})
		})
	}
}

// A request without a body has no payload, and a nil Payload is no body.
func TestPayloadOfNoBody(t *testing.T) {
	for _, body := range []io.Reader{nil, http.NoBody} {
		p := PayloadOf(newRequest(t, http.MethodPut, body))
		if p != nil {
			t.Fatalf("the payload of %v is %v; want nil", body, p)
		}
		out := newRequest(t, http.MethodPut, strings.NewReader("another's"))
		p.Describe(out)
		if out.Body != nil || out.GetBody != nil || out.ContentLength != 0 || p.IsSpent() {
			t.Errorf("described as %v of %d bytes, spent %v; want no body, false", out.Body, out.ContentLength, p.IsSpent())
		}
		out = newRequest(t, http.MethodPut, strings.NewReader("another's"))
		if err := p.lendTo(out, nil); err != nil || out.Body != nil || out.ContentLength != 0 {
			t.Errorf("lent as %v of %d bytes, error %v; want no body", out.Body, out.ContentLength, err)
		}
		p.Close()
	}
}

// Describe gives a signature the length and what can be read again, and the transport gets no
// GetBody, so that net/http cannot repeat the request.
func TestPayloadDescribe(t *testing.T) {
	for name, tt := range map[string]struct {
		open   func(t *testing.T) io.Reader
		length int64
		want   string // what GetBody gives; empty: there is none
	}{
		"with GetBody": {func(*testing.T) io.Reader { return strings.NewReader("rows") }, 4, "rows"},
		"file":         {func(t *testing.T) io.Reader { return file(t, "head\nrows", 5) }, 0, "rows"},
		"stream":       {func(*testing.T) io.Reader { return io.MultiReader(strings.NewReader("rows")) }, 0, ""},
	} {
		t.Run(name, func(t *testing.T) {
			req := newRequest(t, http.MethodPut, tt.open(t))
			p, out := PayloadOf(req), newRequest(t, http.MethodPut, nil)
			defer p.Close()
			p.Describe(out)
			if out.Body != nil || out.ContentLength != tt.length || (out.GetBody == nil) != (tt.want == "") {
				t.Errorf("described as body %v, length %d, GetBody %v; want none, %d, %v", out.Body, out.ContentLength, out.GetBody != nil, tt.length, tt.want != "")
			}
			for range 2 {
				if out.GetBody == nil {
					break
				}
				body, err := out.GetBody()
				if err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(body); string(got) != tt.want || err != nil || body.Close() != nil {
					t.Errorf("GetBody gives %q, error %v; want %q", got, err, tt.want)
				}
			}
			a := begin(t, New(http.DefaultTransport))
			if err := p.lendTo(out, a); err != nil || out.GetBody != nil || out.Body == nil || out.ContentLength != tt.length {
				t.Errorf("lent with body %v, GetBody %v, length %d, error %v; want one, none, %d", out.Body, out.GetBody != nil, out.ContentLength, err, tt.length)
			}
			_ = out.Body.Close()
		})
	}
}

// A GetBody that fails, or returns nothing, is a failure of the caller's body. Nothing is sent.
func TestPayloadCannotBeReopened(t *testing.T) {
	for name, tt := range map[string]struct {
		getBody func() (io.ReadCloser, error)
		want    error
	}{
		"error":                     {func() (io.ReadCloser, error) { return nil, errOfTheTest }, errOfTheTest},
		"neither body nor an error": {func() (io.ReadCloser, error) { return nil, nil }, errNoBody},
	} {
		t.Run(name, func(t *testing.T) {
			w, _ := serve(t, retrywisetest.Status(503))
			req := newRequest(t, http.MethodPut, strings.NewReader("rows"))
			req.GetBody = tt.getBody
			p := PayloadOf(req)
			defer p.Close()
			resp, err := begin(t, w).Send(req, p)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			_, err = begin(t, w).Send(req, p) //nolint:bodyclose // there is no response
			if _, ok := errors.AsType[*BodyError](err); !ok || !errors.Is(err, tt.want) || err.Error() != tt.want.Error() {
				t.Errorf("got error %v (%T); want a BodyError that is %v", err, err, tt.want)
			}
		})
	}
}

// A body that fails, or whose length is not as declared, is a failure of the attempt's body.
func TestPayloadBodyFailed(t *testing.T) {
	for name, tt := range map[string]struct {
		body   io.Reader
		length int64 // ContentLength; 0: unknown
		want   bool
		err    bool // a BodyError
	}{
		"of unknown length":      {io.MultiReader(strings.NewReader("rows")), 0, false, false},
		"of its length":          {io.MultiReader(strings.NewReader("rows")), 4, false, false},
		"shorter than declared":  {io.MultiReader(strings.NewReader("rows")), 9, true, false},
		"longer than declared":   {io.MultiReader(strings.NewReader("rows")), 3, true, false},
		"fails":                  {io.MultiReader(strings.NewReader("ro"), iotest.ErrReader(errOfTheTest)), 0, true, true},
		"fails at once":          {iotest.ErrReader(errOfTheTest), 4, true, true},
		"nothing of it was read": {nil, 0, false, false},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.Handle(t, retrywisetest.Status(204))
				req := newRequest(t, http.MethodPut, tt.body)
				req.ContentLength = tt.length
				a, _, err := send(t, New(srv.Transport()), req) //nolint:bodyclose // send closes it
				retrywisetest.Settle()
				if a.BodyFailed() != tt.want {
					t.Errorf("body failed %v, error %v; want %v", a.BodyFailed(), err, tt.want)
				}
				if tt.err && !errors.Is(err, errOfTheTest) {
					t.Errorf("got error %v; want the test's", err)
				}
			})
		})
	}
}

// Reading the body puts the attempt's timeout off.
func TestPayloadReadIsProgress(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		w, _ := serve(t, retrywisetest.Status(204))
		reader, writer := io.Pipe()
		go func() {
			for i := range 10 {
				time.Sleep(50 * time.Second) // virtual
				_, _ = fmt.Fprintln(writer, "row", i)
			}
			_ = writer.Close()
		}()
		start := time.Now()
		_, _, err := send(t, w, newRequest(t, http.MethodPost, reader)) //nolint:bodyclose // send closes it
		if took := time.Since(start); err != nil || took != 500*time.Second {
			t.Errorf("got error %v after %v; want none after 500s", err, took)
		}
	})
}

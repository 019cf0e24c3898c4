package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// quiet sends a part of a response, nothing for an hour, and then the rest.
func quiet(kind string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, "a")
		_ = http.NewResponseController(w).Flush()
		select {
		case <-time.After(time.Hour): // virtual
			_, _ = io.WriteString(w, "b")
		case <-r.Context().Done():
		}
	})
}

// A stream that is quiet for longer than StallTimeout ends. Zero switches that off, and so does
// an event stream.
func TestStreamStalls(t *testing.T) {
	for name, tt := range map[string]struct {
		kind  string
		stall *time.Duration
		want  string
		took  time.Duration
	}{
		"by default":   {"text/csv", nil, "a", 30 * time.Second},
		"set":          {"text/csv", new(5 * time.Minute), "a", 5 * time.Minute},
		"switched off": {"text/csv", new(time.Duration(0)), "ab", time.Hour},
		"event stream": {"text/event-stream; charset=utf-8", nil, "ab", time.Hour},
	} {
		for through, do := range doors {
			t.Run(name+" through "+through, func(t *testing.T) {
				retrywisetest.VirtualTime(t, func(t *testing.T) {
					p := shopPolicy(t).WithRetry(policy.Retry{StallTimeout: tt.stall})
					c := newClient(t, retrywisetest.Handle(t, quiet(tt.kind)), client.Config{Vendor: strict{shop{p}}})
					start := time.Now()
					resp, err := do(c, newRequest(t, "GET", "http://vendor.test/stream", ""))
					if err != nil {
						t.Fatal(err)
					}
					defer resp.Body.Close()
					body, err := io.ReadAll(resp.Body)
					if took := time.Since(start); string(body) != tt.want || took != tt.took || (err != nil) != (tt.want == "a") {
						t.Errorf("read %q, error %v after %v; want %q after %v", body, err, took, tt.want, tt.took)
					}
				})
			})
		}
	}
}

// With ReadAhead, a GET whose body breaks off is retried, so that a page of a job is not lost.
// What is longer is a stream.
func TestReadAhead(t *testing.T) {
	rows := strings.Repeat("row\n", 100)
	whole, cut := retrywisetest.Text(200, rows), retrywisetest.Cut(retrywisetest.Text(200, rows))
	for name, tt := range map[string]struct {
		ahead   int
		method  string
		answers script
		want    string
		fails   bool
	}{
		"cut, then whole":     {1 << 10, "GET", script{cut, whole}, rows, false},
		"above the bound":     {10, "GET", script{cut}, rows[:len(rows)/2], true},
		"off":                 {0, "GET", script{cut}, rows[:len(rows)/2], true},
		"of a POST":           {1 << 10, "POST", script{cut}, rows[:len(rows)/2], true},
		"cut in each attempt": {1 << 10, "GET", script{cut, cut, cut, cut}, rows[:len(rows)/2], true},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				p := shopPolicy(t).WithRetry(policy.Retry{ReadAhead: &tt.ahead})
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{Vendor: strict{shop{p}}})
				resp, err := c.HTTP().Do(newRequest(t, tt.method, srv.URL()+"/rows", ""))
				if err != nil {
					t.Fatal(err)
				}
				defer resp.Body.Close()
				body, err := io.ReadAll(resp.Body)
				if diff := cmp.Diff(tt.want, string(body)); diff != "" || (err != nil) != tt.fails {
					t.Errorf("error %v; want one: %v; body (-want +got):\n%s", err, tt.fails, diff)
				}
				if tt.fails != errors.Is(c.Check(resp), apierrors.MalformedResponse) {
					t.Errorf("Check: %v; want malformed_response: %v", c.Check(resp), tt.fails)
				}
			})
		})
	}
}

// Through Send, a GET that breaks off in each attempt is an error. One that is cancelled is
// cancelled.
func TestReadAheadThroughSend(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		cut := retrywisetest.Cut(retrywisetest.Text(200, "rows"))
		p := shopPolicy(t).WithRetry(policy.Retry{ReadAhead: new(1 << 10)})
		c := newClient(t, retrywisetest.New(t, cut, cut, cut, cut), client.Config{Vendor: strict{shop{p}}})
		_, err := send(t.Context(), t, c, "GET", "/rows", "")
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes || len(e.Attempts) != 4 {
			t.Errorf("class %v, applied %v after %d attempts; want malformed_response, yes after 4", e.Class, e.Applied, len(e.Attempts))
		}
		c = newClient(t, retrywisetest.Handle(t, quiet("text/csv")), client.Config{Vendor: strict{shop{p}}})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = send(ctx, t, c, "GET", "/rows", "")
		if e := failure(t, err); e.Class != apierrors.Canceled {
			t.Errorf("class %v; want canceled", e.Class)
		}
	})
}

// A body that breaks off after Send is explained by Check, as after HTTP.
func TestCheckOfAStreamThatBrokeOff(t *testing.T) {
	for through, do := range doors {
		retrywisetest.VirtualTime(t, func(t *testing.T) {
			srv := retrywisetest.New(t, retrywisetest.Cut(retrywisetest.Text(200, "rows")))
			c := newClient(t, srv, client.Config{Vendor: strict{shop{shopPolicy(t)}}})
			resp, err := do(c, newRequest(t, "POST", srv.URL()+"/rows", "x"))
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			if err := c.Check(resp); err != nil {
				t.Errorf("through %s, before the body was read: %v", through, err)
			}
			_, _ = io.ReadAll(resp.Body)
			if e := failure(t, c.Check(resp)); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedYes {
				t.Errorf("through %s: class %v, applied %v; want malformed_response, yes", through, e.Class, e.Applied)
			}
		})
	}
}

// Check of a response from elsewhere looks at its beginning for a while, and not for ever.
func TestCheckOfABodyThatTrickles(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		c := newClientOf(t, client.Config{})
		body, writer := io.Pipe()
		go func() {
			for range 10 {
				_, _ = writer.Write([]byte("x"))
				time.Sleep(time.Minute) // virtual
			}
			_ = writer.Close()
		}()
		start := time.Now()
		resp := &http.Response{StatusCode: 503, Header: http.Header{}, Body: body, Request: newRequest(t, "GET", "http://elsewhere.test/", "")}
		if err := c.Check(resp); !errors.Is(err, apierrors.ServerError) || time.Since(start) != 2*time.Second {
			t.Errorf("got %v after %v; want server_error after 2s", err, time.Since(start))
		}
		if all, err := io.ReadAll(resp.Body); len(all) != 10 || err != nil {
			t.Errorf("then read %d bytes, error %v; want 10", len(all), err)
		}
	})
}

// A response without a final status is no answer of a vendor.
func TestStatusThatIsNone(t *testing.T) {
	for _, status := range []int{0, 99, 102} {
		c := onWire(t, func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader("x"))}, nil
		}, client.Config{})
		_, err := send(t.Context(), t, c, "POST", "/items", "x")
		if e := failure(t, err); e.Class != apierrors.MalformedResponse || e.Applied != apierrors.AppliedUnknown || e.Stop != apierrors.StopUnsafe {
			t.Errorf("status %d: class %v, applied %v, stop %v; want malformed_response, unknown, unsafe", status, e.Class, e.Applied, e.Stop)
		}
	}
}

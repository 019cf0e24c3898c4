package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/retrywisetest"
)

// A request that is too large is replaced by what Shrink returns, which is sent without the
// idempotency key.
func TestShrink(t *testing.T) {
	halves := func(old *http.Request) (*http.Request, error) {
		n, err := strconv.Atoi(old.URL.Query().Get("n"))
		if err != nil || n == 1 {
			return nil, err
		}
		return http.NewRequest(http.MethodGet, fmt.Sprintf("/items?n=%d", n/2), nil) //nolint:noctx // the call's context is used
	}
	for name, tt := range map[string]struct {
		shrink  func(*http.Request) (*http.Request, error)
		answers script
		asked   []string
		class   apierrors.Class
	}{
		"until it fits":          {halves, script{retrywisetest.Status(413), retrywisetest.Status(414), retrywisetest.JSON(200, `{}`)}, []string{"n=8", "n=4", "n=2"}, apierrors.None},
		"Shrink returns nil":     {func(*http.Request) (*http.Request, error) { return nil, nil }, script{retrywisetest.Status(413)}, []string{"n=8"}, apierrors.TooLarge},
		"Shrink fails":           {func(*http.Request) (*http.Request, error) { return nil, io.EOF }, script{retrywisetest.Status(413)}, []string{"n=8"}, apierrors.TooLarge},
		"no Shrink":              {nil, script{retrywisetest.Status(413)}, []string{"n=8"}, apierrors.TooLarge},
		"until attempts run out": {halves, script{retrywisetest.Status(413), retrywisetest.Status(413), retrywisetest.Status(413), retrywisetest.Status(413)}, []string{"n=8", "n=4", "n=2", "n=1"}, apierrors.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				options := client.CallOptions{Shrink: tt.shrink, IdempotencyKey: "k"}
				_, err := send(t.Context(), t, c, "GET", "/items?n=8", "", options)
				var asked []string
				for i, r := range srv.Requests() {
					asked = append(asked, r.Query)
					if key := r.Header.Get("Idempotency-Key"); (key == "k") != (i == 0) {
						t.Errorf("request %d had the key %q; want k in the first only", i+1, key)
					}
				}
				if diff := cmp.Diff(tt.asked, asked); diff != "" || apierrors.ClassOf(err) != tt.class {
					t.Errorf("class %v, want %v; queries (-want +got):\n%s", apierrors.ClassOf(err), tt.class, diff)
				}
			})
		})
	}
}

// The body of the request that is replaced is closed.
func TestShrinkClosesTheFile(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		file := fileOf(t, "rows", 0)
		srv := retrywisetest.New(t, retrywisetest.Status(413), retrywisetest.Status(200))
		c := newClient(t, srv, client.Config{})
		o := client.CallOptions{Shrink: func(r *http.Request) (*http.Request, error) {
			return http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader("row"))
		}}
		req := newRequestOf(t, http.MethodPut, "/upload", file)
		if _, err := sendRequest(t, c.Send, client.With(req, o)); err != nil {
			t.Fatal(err)
		}
		if _, err := file.Stat(); !errors.Is(err, os.ErrClosed) {
			t.Errorf("Stat of the file: %v; want it closed", err)
		}
	})
}

// A smaller request is paid for as any other retry.
func TestShrinkCostsARetry(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.Handle(t, retrywisetest.Status(413))
		c := newClient(t, srv, client.Config{})
		again := func(r *http.Request) (*http.Request, error) { return r.Clone(r.Context()), nil }
		for range 100 {
			_, _ = send(t.Context(), t, c, "GET", "/items", "", client.CallOptions{Shrink: again})
		}
		if got := len(srv.Requests()); got != 110 {
			t.Errorf("100 calls made %d requests; want 110", got)
		}
	})
}

// Shrink may return a copy of the request, if its body can be read again.
func TestShrinkThatReturnsACopy(t *testing.T) {
	o := client.CallOptions{Shrink: func(r *http.Request) (*http.Request, error) {
		smaller := r.Clone(r.Context())
		smaller.URL.RawQuery = "half"
		return smaller, nil
	}}
	for name, tt := range map[string]struct {
		body io.Reader
		want []string
	}{
		"body with GetBody": {strings.NewReader("hello"), []string{"hello", "hello"}},
		"stream":            {io.MultiReader(strings.NewReader("hello")), []string{"hello"}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				answers := script{retrywisetest.Status(413), retrywisetest.Status(200)}
				srv := retrywisetest.New(t, answers[:len(tt.want)]...)
				c := newClient(t, srv, client.Config{})
				req := newRequestOf(t, http.MethodPut, "/items", tt.body)
				req.ContentLength = -1
				_, err := sendRequest(t, c.Send, client.With(req, o))
				var got []string
				for _, r := range srv.Requests() {
					got = append(got, string(r.Body))
				}
				if diff := cmp.Diff(tt.want, got); diff != "" || (err == nil) != (len(tt.want) == 2) {
					t.Errorf("got error %v, want one of a stream; sent (-want +got):\n%s", err, diff)
				}
			})
		})
	}
}

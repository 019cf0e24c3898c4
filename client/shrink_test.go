package client_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"github.com/retrywise/retrywise/client"
	apierrors "github.com/retrywise/retrywise/errors"
	"github.com/retrywise/retrywise/policy"
	"github.com/retrywise/retrywise/retrywisetest"
)

// So many calls surfaced with one code in a row are a matter for the job.
func TestEscalation(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bad := retrywisetest.Status(400, "X-Code", "BAD")
		srv := retrywisetest.New(t, bad, bad, retrywisetest.Status(200), bad, bad, retrywisetest.Status(503), bad)
		p := shopPolicy(t).WithRetry(policy.Retry{EscalateAfter: new(2)})
		c := newClient(t, srv, client.Config{Policy: &p})
		var got []apierrors.Action
		for range 7 {
			_, err := send(t.Context(), t, c, "POST", "/items", "x")
			e, _ := errors.AsType[*apierrors.Error](err)
			if e == nil {
				e = &apierrors.Error{}
			}
			got = append(got, e.Action)
		}
		want := []apierrors.Action{
			apierrors.Surface, apierrors.Surface, apierrors.ActionNone, apierrors.Surface, apierrors.Surface, apierrors.Retry, apierrors.FailFast,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("actions mismatch (-want +got):\n%s", diff)
		}
	})
}

// What is too large is made smaller by who knows how.
func TestShrink(t *testing.T) {
	halves := func(old *http.Request) (*http.Request, error) {
		n, err := strconv.Atoi(old.URL.Query().Get("n"))
		if err != nil || n == 1 {
			return nil, err
		}
		return http.NewRequest(http.MethodGet, fmt.Sprintf("/items?n=%d", n/2), nil) //nolint:noctx // the call's own is taken
	}
	for name, tt := range map[string]struct {
		shrink  func(*http.Request) (*http.Request, error)
		answers []retrywisetest.Answer
		asked   []string
		class   apierrors.Class
	}{
		"until it passes":      {halves, []retrywisetest.Answer{retrywisetest.Status(413), retrywisetest.Status(414), retrywisetest.JSON(200, `{}`)}, []string{"n=8", "n=4", "n=2"}, apierrors.None},
		"no further":           {func(*http.Request) (*http.Request, error) { return nil, nil }, []retrywisetest.Answer{retrywisetest.Status(413)}, []string{"n=8"}, apierrors.TooLarge},
		"in vain":              {func(*http.Request) (*http.Request, error) { return nil, io.EOF }, []retrywisetest.Answer{retrywisetest.Status(413)}, []string{"n=8"}, apierrors.TooLarge},
		"not without a hook":   {nil, []retrywisetest.Answer{retrywisetest.Status(413)}, []string{"n=8"}, apierrors.TooLarge},
		"not more than thrice": {halves, []retrywisetest.Answer{retrywisetest.Status(413), retrywisetest.Status(413), retrywisetest.Status(413), retrywisetest.Status(413)}, []string{"n=8", "n=4", "n=2", "n=1"}, apierrors.TooLarge},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				srv := retrywisetest.New(t, tt.answers...)
				c := newClient(t, srv, client.Config{})
				options := client.CallOptions{Shrink: tt.shrink, IdempotencyKey: "k"}
				_, err := send(t.Context(), t, c, "GET", "/items?n=8", "", options)
				var asked []string
				for i, r := range srv.Requests() {
					asked = append(asked, r.Query)
					if key := r.Header.Get("Idempotency-Key"); (key == "k") != (i == 0) {
						t.Errorf("request %d went with the key %q", i+1, key)
					}
				}
				if diff := cmp.Diff(tt.asked, asked); diff != "" || apierrors.ClassOf(err) != tt.class {
					t.Errorf("class %v; asked (-want +got):\n%s", apierrors.ClassOf(err), diff)
				}
			})
		})
	}
}

package client_test

import (
	"fmt"
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

// The smaller request has the call's method, headers and options, and a key that is made of its
// key: the same in each run.
func TestSplitSendsAnotherRequest(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited, isDone), results(isDone))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		req := newRequestOf(t, "POST", "/batch?dry=no", strings.NewReader(string(orderList(10, 11, 12))), "X-Tenant", "a")
		resp, err := c.Send(client.With(req, client.CallOptions{IdempotencyKey: "k", Split: picks(10, 11, 12)}))
		if err != nil || resp.Request.ContentLength != int64(len(orderList(11))) {
			t.Errorf("%v; the response is to %+v", err, resp.Request)
		}
		_ = textOf(t, resp)
		var got []string
		for _, r := range srv.Requests() {
			got = append(got, fmt.Sprintf("%s %s?%s %s key %q", r.Method, r.Path, r.Query, r.Header.Get("X-Tenant"), r.Header.Get("Idempotency-Key")))
		}
		rest := client.KeyFor("k", string(orderList(11)))
		if diff := cmp.Diff([]string{`POST /batch?dry=no a key "k"`, fmt.Sprintf("POST /batch?dry=no a key %q", rest)}, got); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
	})
}

// A body that can be read only once is split all the same.
func TestSplitOfAStream(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited), results(isDone))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		req := newRequestOf(t, "POST", "/batch", io.MultiReader(strings.NewReader(string(orderList(10, 11)))))
		resp, err := c.Send(client.With(req, client.CallOptions{Split: picks(10, 11)}))
		_ = textOf(t, resp)
		if diff := cmp.Diff([][]int{{10, 11}, {11}}, sentIDs(t, srv)); diff != "" || err != nil {
			t.Errorf("%v; requests (-want +got):\n%s", err, diff)
		}
	})
}

// A batch that is too large is made smaller by Shrink, and what is left of it by Split; a request
// of Split's is not for Shrink.
func TestSplitBesideShrink(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, retrywisetest.Status(413), results(isDone, isLimited), retrywisetest.Status(413))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		o := client.CallOptions{Split: picks(10, 11), Shrink: func(r *http.Request) (*http.Request, error) {
			return http.NewRequestWithContext(r.Context(), r.Method, r.URL.String(), strings.NewReader(string(orderList(10, 11))))
		}}
		_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11, 12, 13), o)
		if diff := cmp.Diff([][]int{{10, 11, 12, 13}, {10, 11}, {11}}, sentIDs(t, srv)); diff != "" {
			t.Errorf("requests (-want +got):\n%s", diff)
		}
		if diff := cmp.Diff([]string{"1 too_large surface no"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

// A place that the response gives and the request does not have is unknown.
func TestSplitWithAPlaceThatIsNone(t *testing.T) {
	retrywisetest.VirtualTime(t, func(t *testing.T) {
		srv := retrywisetest.New(t, results(isDone, isLimited), results(isDone, isBad))
		c := newClient(t, srv, client.Config{Vendor: depot(t)})
		o := client.CallOptions{Split: func(client.Rest) ([]byte, error) { return orderList(11, 12), nil }} // one too many
		_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11), o)
		if diff := cmp.Diff([]string{"-1 validation surface no"}, itemTexts(err)); diff != "" {
			t.Errorf("items (-want +got):\n%s", diff)
		}
	})
}

// Each rest has its own key, also if it has the same items; the error has the call's.
func TestSplitWithAKey(t *testing.T) {
	for name, tt := range map[string]struct {
		vendor client.Vendor
		keys   []string
	}{
		"any key": {depot(t), []string{
			"k", client.KeyFor("k", string(orderList(11))), client.KeyFor(client.KeyFor("k", string(orderList(11))), string(orderList(11))),
		}},
		"a key of another form": {formOfKeys{depot(t)}, []string{"k", "", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, results(isDone, isDown), results(isDown), results(isBad))
				c := newClient(t, srv, client.Config{Vendor: tt.vendor})
				_, err := batchDoors["Send"](t, c, "POST", "/batch", orderList(10, 11), client.CallOptions{IdempotencyKey: "k", Split: picks(10, 11)})
				var keys []string
				for _, r := range srv.Requests() {
					keys = append(keys, r.Header.Get("Idempotency-Key"))
				}
				if diff := cmp.Diff(tt.keys, keys); diff != "" || failure(t, err).IdempotencyKey != "k" {
					t.Errorf("the error has the key %q, want k; requests (-want +got):\n%s", failure(t, err).IdempotencyKey, diff)
				}
			})
		})
	}
}

// formOfKeys is a depot whose keys are short.
type formOfKeys struct{ client.Vendor }

func (f formOfKeys) Profile() policy.Profile {
	p := f.Vendor.Profile()
	p.Idempotency.MaxLength = 8
	return p
}

// Through HTTP(), a rest that fails as a whole does not make the whole batch look like a failure:
// the response is the one that says what is done, and Check has all items.
func TestSplitThroughHTTPKeepsWhatIsDone(t *testing.T) {
	first := `{"results":[` + isDone + `,` + isDown + `]}`
	for name, tt := range map[string]struct {
		answers script
		cfg     client.Config
		item    string
	}{
		"a response":        {script{retrywisetest.JSON(422, `{"code":"BAD"}`)}, client.Config{}, "1 validation surface no"},
		"no response":       {script{retrywisetest.Reset()}, client.Config{}, "1 network retry unknown"},
		"a response in cut": {script{retrywisetest.Cut(results(isDone))}, client.Config{}, "1 malformed_response retry unknown"},
		"a limit":           {script{retrywisetest.Status(429, "Retry-After", "3600")}, client.Config{}, "1 rate_limited defer no"},
	} {
		t.Run(name, func(t *testing.T) {
			retrywisetest.VirtualTime(t, func(t *testing.T) {
				srv := retrywisetest.New(t, append(script{results(isDone, isDown)}, tt.answers...)...)
				tt.cfg.Vendor = depot(t)
				c := newClient(t, srv, tt.cfg)
				hc := c.HTTP()
				hc.Timeout = time.Hour // wraps the body
				resp, err := hc.Do(client.With(newRequest(t, "POST", srv.URL()+"/batch", string(orderList(10, 11))), client.CallOptions{Split: picks(10, 11)}))
				if err != nil {
					t.Fatal(err)
				}
				checked := c.Check(resp)
				if text := textOf(t, resp); resp.StatusCode != 207 || text != first || resp.ContentLength != int64(len(first)) {
					t.Errorf("response %d of %d bytes: %s", resp.StatusCode, resp.ContentLength, text)
				}
				if diff := cmp.Diff([]string{tt.item}, itemTexts(checked)); diff != "" || apierrors.ClassOf(checked) != apierrors.Partial {
					t.Errorf("%v; items (-want +got):\n%s", checked, diff)
				}
			})
		})
	}
}
